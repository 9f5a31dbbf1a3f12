package dev.vivarium.internal.session;

import dev.vivarium.SessionConflict;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.SessionTicket;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.context.SessionStats.Count;
import dev.vivarium.protocol.message.HandlerInfo;

/** Decides whether a call of a session may be run again. */
final class SessionRepeats {

    /** How often a call that may run twice is run again because of conflicts. */
    private static final int MOST_CONFLICTS = 100;

    private final PoolContext context;

    SessionRepeats(PoolContext context) {
        this.context = context;
    }

    /** Returns whether a lost call may run again because its handler has no effect but on its session. */
    boolean isRetrySafe(ActiveCall call) {
        if (!call.mayRepeat()) {
            return false;
        }
        return call.retrySafe()
                || (call.session() != null
                        && context.handlers().stream()
                                .anyMatch(handler -> handler.name().equals(call.handler())
                                        && handler.effects().equals(HandlerInfo.SESSION_ONLY)));
    }

    /** What a call has changed was dropped, because another has changed it: returns whether it runs again; if not, it fails. */
    boolean mayAfterConflict(ActiveCall call, SessionTicket ticket) {
        context.sessionStats().count(Count.CONFLICT);
        if (isRetrySafe(call) && ticket.countConflict() <= MOST_CONFLICTS) {
            return true;
        }
        call.fail(new SessionConflict(
                ticket.session(),
                call.attempts(),
                "what " + call + " changed in session '" + ticket.session()
                        + "' was dropped: another call has changed it meanwhile"));
        return false;
    }
}
