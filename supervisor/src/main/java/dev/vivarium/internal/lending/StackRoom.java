package dev.vivarium.internal.lending;

/**
 * Tells whether the calling thread's stack has room for what actors do, the loading of their classes included: an overflow in
 * an actor would be the actor's error, and one that Pekko takes for fatal. There is no way to ask but to try.
 *
 * <p>To try costs what is written on the way. So the frames of the probe are wide and nearly nothing is written to them: they
 * have room for what only a branch needs that is taken once in a while, often enough for the compiler not to leave it out.
 */
final class StackRoom {

    /** How much is enough, about. */
    static final int KIBIBYTES = 96;

    /** Each takes half a KiB or more once compiled, and more before that. */
    private static final int FRAMES = 200;

    /** Every so many calls the branch is taken. */
    private static final int ONCE_IN = 512;

    /** For the first calls more often: the compiler looks at what some 25 of them did, and leaves out what it has not seen. */
    private static final int FIRST = 4096;

    private static final int ONCE_IN_AT_FIRST = 8;

    // Written without synchronization: it is not for counting, only for change.
    private static int calls;

    private StackRoom() {}

    /** Returns whether there is enough; takes about a quarter of a microsecond. */
    static boolean isEnough() {
        int call = ++calls;
        try {
            return probe(FRAMES, call % (call < FIRST ? ONCE_IN_AT_FIRST : ONCE_IN) == 0 ? FRAMES / 2 : -1) >= 0;
        } catch (StackOverflowError full) {
            return false;
        }
    }

    private static long probe(int left, int wide) {
        if (left == 0) {
            return 0;
        }
        if (left == wide) {
            // All of them live until the end: each has a place of its own in the frame.
            long v00 = next(calls);
            long v01 = next(v00);
            long v02 = next(v01);
            long v03 = next(v02);
            long v04 = next(v03);
            long v05 = next(v04);
            long v06 = next(v05);
            long v07 = next(v06);
            long v08 = next(v07);
            long v09 = next(v08);
            long v10 = next(v09);
            long v11 = next(v10);
            long v12 = next(v11);
            long v13 = next(v12);
            long v14 = next(v13);
            long v15 = next(v14);
            long v16 = next(v15);
            long v17 = next(v16);
            long v18 = next(v17);
            long v19 = next(v18);
            long v20 = next(v19);
            long v21 = next(v20);
            long v22 = next(v21);
            long v23 = next(v22);
            long v24 = next(v23);
            long v25 = next(v24);
            long v26 = next(v25);
            long v27 = next(v26);
            long v28 = next(v27);
            long v29 = next(v28);
            long v30 = next(v29);
            long v31 = next(v30);
            long v32 = next(v31);
            long v33 = next(v32);
            long v34 = next(v33);
            long v35 = next(v34);
            long v36 = next(v35);
            long v37 = next(v36);
            long v38 = next(v37);
            long v39 = next(v38);
            long v40 = next(v39);
            long v41 = next(v40);
            long v42 = next(v41);
            long v43 = next(v42);
            long v44 = next(v43);
            long v45 = next(v44);
            long v46 = next(v45);
            long v47 = next(v46);
            long below = next(probe(left - 1, wide)) & 1;
            return below ^ (v00 & 1) ^ (v01 & 1) ^ (v02 & 1) ^ (v03 & 1) ^ (v04 & 1) ^ (v05 & 1) ^ (v06 & 1) ^ (v07 & 1)
                    ^ (v08 & 1) ^ (v09 & 1) ^ (v10 & 1) ^ (v11 & 1) ^ (v12 & 1) ^ (v13 & 1) ^ (v14 & 1) ^ (v15 & 1)
                    ^ (v16 & 1) ^ (v17 & 1) ^ (v18 & 1) ^ (v19 & 1) ^ (v20 & 1) ^ (v21 & 1) ^ (v22 & 1) ^ (v23 & 1)
                    ^ (v24 & 1) ^ (v25 & 1) ^ (v26 & 1) ^ (v27 & 1) ^ (v28 & 1) ^ (v29 & 1) ^ (v30 & 1) ^ (v31 & 1)
                    ^ (v32 & 1) ^ (v33 & 1) ^ (v34 & 1) ^ (v35 & 1) ^ (v36 & 1) ^ (v37 & 1) ^ (v38 & 1) ^ (v39 & 1)
                    ^ (v40 & 1) ^ (v41 & 1) ^ (v42 & 1) ^ (v43 & 1) ^ (v44 & 1) ^ (v45 & 1) ^ (v46 & 1) ^ (v47 & 1);
        }
        return probe(left - 1, wide);
    }

    private static long next(long seed) {
        return seed * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
    }
}
