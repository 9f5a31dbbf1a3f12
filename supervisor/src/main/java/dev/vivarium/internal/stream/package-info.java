/** Calls as stages of Pekko streams. */
@NullMarked
package dev.vivarium.internal.stream;

import org.jspecify.annotations.NullMarked;
