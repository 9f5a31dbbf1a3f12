package dev.vivarium.internal.link;

import dev.vivarium.CallRejected;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PoolException;
import dev.vivarium.PythonException;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.message.ErrorBody;

/** Turns a worker's ERROR into what the caller gets. */
public final class CallErrors {

    private CallErrors() {}

    /** Returns the exception that a call ends with. */
    public static PoolException of(ActiveCall call, ErrorBody error, PoolContext context, int slot) {
        String text = error.type() + ": " + error.message();
        return switch (error.kind()) {
            case UNKNOWN_HANDLER, BAD_ARGUMENTS, UNDECODABLE_ARGUMENTS, LOAD, NEGOTIATION ->
                new CallRejected(call + " was refused by " + context.worker(slot) + ": " + error.message());
            case UNENCODABLE_RESULT, RESULT_TOO_LARGE ->
                new ResultNotDecodable("the result of " + call + " cannot be sent: " + error.message(), null);
            case EXPIRED ->
                new CallTimedOut(
                        error.execution(),
                        call.timeout(),
                        context.snapshot(),
                        call.attempts(),
                        call + " was interrupted in " + context.worker(slot) + ": " + text,
                        "");
            // Whoever cancels a call has ended it before the worker hears of it, and gets no answer. A call that is
            // still
            // open here was cancelled by nobody but its handler, which raised what looks like it.
            case HANDLER, CANCELLED -> new PythonException(error);
        };
    }
}
