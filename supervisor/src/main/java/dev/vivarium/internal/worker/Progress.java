package dev.vivarium.internal.worker;

import dev.vivarium.CallAttempt;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.protocol.Execution;

/** Puts what was seen of a call into words, while its process lives. */
final class Progress {

    private Progress() {}

    /** Returns what is certain: a handler that has not started may still do so as long as its process lives. */
    static Execution certain(Execution seen) {
        return seen == Execution.NOT_STARTED ? Execution.UNKNOWN : seen;
    }

    /** Returns the most that this attempt or one before it may have done. */
    static Execution most(ActiveCall call, Execution seen) {
        return mostBefore(call, certain(seen));
    }

    /** Returns the most that this attempt, of which all is known, or one before it may have done. */
    static Execution mostBefore(ActiveCall call, Execution now) {
        Execution most = now;
        for (CallAttempt attempt : call.attempts()) {
            most = attempt.execution().compareTo(most) > 0 ? attempt.execution() : most;
        }
        return most;
    }

    /** Returns what was seen as a clause. */
    static String describe(Execution seen) {
        return switch (seen) {
            case NOT_STARTED -> "the handler had not started";
            case UNKNOWN -> "the handler had started";
            case RAN -> "the handler had finished";
        };
    }
}
