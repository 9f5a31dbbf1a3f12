/** What the chaos runner is made of. Not for use from outside. */
@NullMarked
package dev.vivarium.chaos.internal;

import org.jspecify.annotations.NullMarked;
