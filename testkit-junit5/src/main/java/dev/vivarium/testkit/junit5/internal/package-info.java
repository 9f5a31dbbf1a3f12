/** What JUnit finds by itself. Not for users. */
@NullMarked
package dev.vivarium.testkit.junit5.internal;

import org.jspecify.annotations.NullMarked;
