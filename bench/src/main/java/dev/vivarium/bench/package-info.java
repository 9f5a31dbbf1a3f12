/**
 * Measures pools beside the floor: the same work over the same channel by loops that have nothing but the channel.
 *
 * <p>{@link dev.vivarium.bench.Benchmark} has what can be measured; each comes back as a {@link dev.vivarium.bench.Report}.
 */
@NullMarked
package dev.vivarium.bench;

import org.jspecify.annotations.NullMarked;
