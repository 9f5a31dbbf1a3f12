package dev.vivarium.testkit.internal;

import java.util.Set;

/** What signals do to a Python worker: the default dispositions of Linux, and what the interpreter and the runtime ignore. */
public final class Signals {

    static final int KILL = 9;
    static final int CONT = 18;
    static final int STOP = 19;
    static final int STACKS = 42;

    private static final int LAST = 64;

    /**
     * INT (the runtime), PIPE and XFSZ (the interpreter), CHLD, URG and WINCH (by default), TSTP, TTIN and TTOU (in a session
     * of its own), and the signal that interrupts a cancelled handler.
     */
    private static final Set<Integer> HARMLESS = Set.of(2, 13, 17, 20, 21, 22, 23, 25, 28, 41);

    /** What a signal does. */
    enum Effect {
        ENDS,
        STOPS,
        CONTINUES,
        TELLS_STACKS,
        NOTHING
    }

    private Signals() {}

    /** Returns whether there is such a signal. */
    public static boolean exists(int number) {
        return number >= 1 && number <= LAST;
    }

    static Effect effect(int number) {
        if (number == STOP) {
            return Effect.STOPS;
        }
        if (number == CONT) {
            return Effect.CONTINUES;
        }
        if (number == STACKS) {
            return Effect.TELLS_STACKS;
        }
        return number == 0 || HARMLESS.contains(number) ? Effect.NOTHING : Effect.ENDS;
    }

    static boolean isFatal(int number) {
        return effect(number) == Effect.ENDS;
    }
}
