/** Assertions about calls, errors, pools, sessions and events, in the style of AssertJ, which a test has to have itself. */
@NullMarked
package dev.vivarium.testkit.assertions;

import org.jspecify.annotations.NullMarked;
