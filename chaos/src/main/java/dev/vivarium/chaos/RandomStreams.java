package dev.vivarium.chaos;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/**
 * Independent random streams from one seed, each with a name: what one of them is asked for does not move the others. Immutable;
 * each stream is for one thread.
 */
public final class RandomStreams {

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private final long seed;

    /** Creates the streams of a seed. */
    public RandomStreams(long seed) {
        this.seed = seed;
    }

    /** Returns the seed. */
    public long seed() {
        return seed;
    }

    /** Returns the seed of a name's stream. */
    public long seedOf(String name) {
        long hash = FNV_OFFSET;
        for (byte each : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (each & 0xff)) * FNV_PRIME;
        }
        // One that mixes all bits: seeds that are near each other must not give streams that are.
        return new SplittableRandom(seed ^ hash).nextLong();
    }

    /** Returns a name's stream, from its beginning. */
    public SplittableRandom stream(String name) {
        return new SplittableRandom(seedOf(name));
    }
}
