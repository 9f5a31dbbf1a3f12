package dev.vivarium.internal.session;

import dev.vivarium.internal.call.ActiveCall;
import java.time.Duration;

/** What the ways of sessions need of the router. */
public interface RouterAccess {
    /** Tells the router something, later and from any thread. */
    void tell(SessionReport report);

    /** Tells it once, after a time; a later request for the same thing replaces the earlier one. */
    void tellAfter(Object key, Duration delay, SessionReport report);

    /** Takes such a request back. */
    void forget(Object key);

    /** Puts a call back into the queue, as far as it is still open. */
    void again(ActiveCall call);

    /** Decides about a leased call whose handler asked to be called again later; nothing when there is no such request. */
    void postponed(ActiveCall call);

    /** Sends a leased call to a worker. */
    void send(ActiveCall call, int slot, int incarnation);

    /** Has a worker let a session go. */
    void close(String session, int slot, int incarnation);
}
