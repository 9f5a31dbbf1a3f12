package dev.vivarium.testkit.internal;

import dev.vivarium.internal.port.Entropy;
import java.util.Random;

/** Randomness that can be had again. */
public final class SeededEntropy implements Entropy {

    /** Keeps the short tokens of a pool apart: its odd multiples are all different. */
    private static final int STEP = 0x9e3779b9;

    private final Random random;
    private final String pool;
    private int tokens;

    /** Creates it; the pool's name keeps pools with the same seed apart. */
    public SeededEntropy(long seed, String pool) {
        this.random = new Random(seed);
        this.pool = pool;
    }

    @Override
    public synchronized double unit() {
        return random.nextDouble();
    }

    @Override
    public synchronized String token(int bytes) {
        StringBuilder digits = new StringBuilder(String.format("%08x", pool.hashCode() + STEP * tokens++));
        while (digits.length() < 2 * bytes) {
            digits.append(String.format("%08x", random.nextInt()));
        }
        return digits.substring(0, 2 * bytes);
    }
}
