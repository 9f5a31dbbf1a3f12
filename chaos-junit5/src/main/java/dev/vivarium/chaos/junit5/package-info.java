/** Scenarios of faults as JUnit 5 tests. */
@NullMarked
package dev.vivarium.chaos.junit5;

import org.jspecify.annotations.NullMarked;
