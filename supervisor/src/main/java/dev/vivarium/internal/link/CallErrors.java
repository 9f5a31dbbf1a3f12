package dev.vivarium.internal.link;

import dev.vivarium.CallRejected;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PoolException;
import dev.vivarium.PythonException;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.SessionLost;
import dev.vivarium.SessionRefused;
import dev.vivarium.SessionRefused.Reason;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.SessionAttempt;
import dev.vivarium.internal.call.SessionTicket;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;

/** Turns a worker's ERROR into what the caller gets. */
public final class CallErrors {

    private CallErrors() {}

    /**
     * A hook raised: what the session had in another worker is lost, if it had anything. Not when the call only visits this one:
     * then it is still there.
     */
    private static PoolException opening(ActiveCall call, ErrorBody error) {
        SessionTicket ticket = call.session();
        SessionAttempt attempt = ticket == null ? null : ticket.attempt();
        PythonException raised = new PythonException(error);
        if (ticket == null
                || attempt == null
                || !attempt.base().resident()
                || attempt.base().visiting()) {
            return raised;
        }
        return new SessionLost(
                ticket.session(),
                attempt.base().epoch(),
                call.attempts(),
                "session '" + ticket.session() + "' could not be opened again, so what it had in its worker is lost: "
                        + raised.getMessage(),
                raised);
    }

    private static String session(ActiveCall call) {
        SessionTicket ticket = call.session();
        return ticket == null ? "" : ticket.session();
    }

    /** Returns the exception that a call ends with. */
    public static PoolException of(ActiveCall call, ErrorBody error, PoolContext context, int slot) {
        return switch (error.kind()) {
            case UNKNOWN_HANDLER, BAD_ARGUMENTS, UNDECODABLE_ARGUMENTS, STREAM_ONLY, LOAD, NEGOTIATION ->
                new CallRejected(call + " was refused by " + context.worker(slot) + ": " + error.message());
            case SESSION_OPEN -> opening(call, error);
            case UNENCODABLE_STATE, STATE_TOO_LARGE ->
                new SessionRefused(
                        session(call),
                        error.kind() == ErrorKind.UNENCODABLE_STATE ? Reason.NOT_ENCODABLE : Reason.SESSION_QUOTA,
                        error.kind() == ErrorKind.UNENCODABLE_STATE
                                ? 0
                                : context.config().calls().limits().maxAttachmentsBytes(),
                        error.execution(),
                        call.attempts(),
                        "what " + call + " changed in session '" + session(call) + "' cannot be sent: "
                                + error.message());
            case UNENCODABLE_RESULT, RESULT_TOO_LARGE ->
                new ResultNotDecodable("the result of " + call + " cannot be sent: " + error.message(), null);
            case EXPIRED ->
                new CallTimedOut(
                        error.execution(),
                        call.timeout(),
                        context.snapshot(),
                        call.attempts(),
                        call + " came to " + context.worker(slot) + " too late to start: " + error.message(),
                        "");
            // Whoever cancels a call has ended it before the worker hears of it, and gets no answer. A call that is
            // still
            // open here was cancelled by nobody but its handler, which raised what looks like it.
            case HANDLER, CANCELLED -> new PythonException(error, call.attempts());
        };
    }
}
