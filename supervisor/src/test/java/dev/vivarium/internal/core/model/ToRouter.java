package dev.vivarium.internal.core.model;

import dev.vivarium.TransitionCause;
import dev.vivarium.protocol.Execution;

/** What the router is told; the slot that tells it is known by the way that the message takes. */
sealed interface ToRouter {

    record Submit(int call) implements ToRouter {}

    record Forget(int call) implements ToRouter {}

    record RefuseAll() implements ToRouter {}

    record Offered(int incarnation) implements ToRouter {}

    record ProbeOffered(int incarnation) implements ToRouter {}

    record Withdrawn(int incarnation) implements ToRouter {}

    record Gone() implements ToRouter {}

    record Refused(int call) implements ToRouter {}

    record Lost(int call, int incarnation, TransitionCause cause, Execution execution) implements ToRouter {}

    /** Returns the call that the message carries, or 0. */
    default int carried() {
        if (this instanceof Submit submit) {
            return submit.call();
        }
        if (this instanceof Refused refused) {
            return refused.call();
        }
        return this instanceof Lost lost ? lost.call() : 0;
    }
}
