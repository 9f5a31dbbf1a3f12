package dev.vivarium.bench;

import dev.vivarium.PoolConfig;
import dev.vivarium.bench.floor.Transport;

/**
 * What a measurement may be told.
 *
 * @param python the interpreter, of the floor and of the pool
 * @param workers how many workers the pool has; 1 to {@link PoolConfig#MAX_WORKERS}
 * @param calls how many calls of each kind are measured, or how often what is no call is done; 1 to {@value #MAX_CALLS}
 * @param warmUp how many of each kind are made before, unmeasured; 0 to {@value #MAX_CALLS}
 * @param transport which floor the pool's figures are divided by: that of the channel that the pool uses
 */
public record BenchSettings(String python, int workers, int calls, int warmUp, Transport transport) {

    /** How many calls of each kind can be measured. */
    public static final int MAX_CALLS = 100_000_000;

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException naming the one that is out of its range
     */
    public BenchSettings {
        within("workers", workers, 1, PoolConfig.MAX_WORKERS);
        within("calls", calls, 1, MAX_CALLS);
        within("warm-up", warmUp, 0, MAX_CALLS);
    }

    private static void within(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + " must be " + least + " to " + most + ", got " + value);
        }
    }
}
