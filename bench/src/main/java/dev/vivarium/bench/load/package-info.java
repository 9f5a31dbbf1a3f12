/**
 * Open-model load: calls are due at moments that a plan says, whether earlier ones have been answered or not, as those of independent
 * users are.
 *
 * <p>A {@link dev.vivarium.bench.load.LoadPlan} says when; a {@link dev.vivarium.bench.load.LoadGenerator} makes the calls and
 * comes back with a {@link dev.vivarium.bench.load.LoadReport}.
 */
@NullMarked
package dev.vivarium.bench.load;

import org.jspecify.annotations.NullMarked;
