package dev.vivarium.internal.stream;

import dev.vivarium.internal.call.ActiveCall;

/** The way of a stream's call to the router. */
public interface CallDoor {

    /** Hands over a call that was admitted. */
    void submit(ActiveCall call);

    /** Says that a call was cancelled that may still wait. */
    void forget(long callId);
}
