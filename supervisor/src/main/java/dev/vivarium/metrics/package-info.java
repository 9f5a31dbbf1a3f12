/** A pool's numbers for Micrometer, which must be on the class path of those who use this package, and of nobody else. */
@NullMarked
package dev.vivarium.metrics;

import org.jspecify.annotations.NullMarked;
