package dev.vivarium.chaos.internal.twin;

import dev.vivarium.chaos.RandomStreams;
import java.util.SplittableRandom;

/** How long things take in the twin, drawn from a stream of its own for each that does them. For one thread. */
final class Chance {

    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;

    private final SplittableRandom random;

    Chance(RandomStreams streams, String name) {
        random = streams.stream("twin/" + name);
    }

    /** Returns a number from 0 to 1. */
    double unit() {
        return random.nextDouble();
    }

    /** Returns the time until an actor handles a message: mostly microseconds, now and then that of a thread that had to wait. */
    long hop() {
        int kind = random.nextInt(200);
        return kind < 180
                ? between(MICRO, 20 * MICRO)
                : kind < 198 ? between(20 * MICRO, 200 * MICRO) : between(200 * MICRO, 3 * MILLI);
    }

    /** Returns the time that a frame or a system call takes between two processes. */
    long pipe() {
        return random.nextInt(100) < 98 ? between(20 * MICRO, 150 * MICRO) : between(150 * MICRO, 5 * MILLI);
    }

    /** Returns about this time, from 0.8 to 1.2 of it. */
    long about(long nanos) {
        return (long) (nanos * (0.8 + 0.4 * random.nextDouble()));
    }

    /** Returns a time. */
    long between(long least, long most) {
        return least >= most ? least : random.nextLong(least, most);
    }
}
