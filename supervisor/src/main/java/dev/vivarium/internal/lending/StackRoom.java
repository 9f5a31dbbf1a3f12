package dev.vivarium.internal.lending;

/**
 * Tells whether the calling thread's stack has room for what actors do: an overflow in an actor would be the actor's error,
 * and one that Pekko takes for fatal. There is no way to ask but to try.
 */
final class StackRoom {

    /** Each takes 100 bytes or more once compiled, and more before that: at least 16 KiB, twice what actors were seen to use. */
    private static final int FRAMES = 160;

    private StackRoom() {}

    /** Returns whether there is enough; takes about a quarter of a microsecond. */
    static boolean isEnough() {
        try {
            return probe(FRAMES, 1, 2, 3, 4, 5, 6, 7, 8) != 0;
        } catch (StackOverflowError full) {
            return false;
        }
    }

    /** So many parameters that they do not fit into registers. */
    private static long probe(int left, long a, long b, long c, long d, long e, long f, long g, long h) {
        return left == 0 ? a | b | c | d | e | f | g | h : probe(left - 1, b, c, d, e, f, g, h, a) | a;
    }
}
