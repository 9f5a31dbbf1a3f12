/** Programs that a user would write. */
@NullMarked
package dev.vivarium.examples;

import org.jspecify.annotations.NullMarked;
