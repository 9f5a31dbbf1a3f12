/** How the test kit does it. */
@NullMarked
package dev.vivarium.testkit.internal;

import org.jspecify.annotations.NullMarked;
