/** The threads that actors run on: their dispatcher's own, and those that are lent to them. */
@NullMarked
package dev.vivarium.internal.lending;

import org.jspecify.annotations.NullMarked;
