/** The decisions, as plain classes without clock, threads or input and output: state and event in, state and effects out. */
@NullMarked
package dev.vivarium.internal.core;

import org.jspecify.annotations.NullMarked;
