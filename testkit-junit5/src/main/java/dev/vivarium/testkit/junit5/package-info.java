/** The test kit's face for JUnit 5. */
@NullMarked
package dev.vivarium.testkit.junit5;

import org.jspecify.annotations.NullMarked;
