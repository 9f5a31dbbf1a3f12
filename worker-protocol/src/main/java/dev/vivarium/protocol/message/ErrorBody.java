package dev.vivarium.protocol.message;

import dev.vivarium.protocol.Execution;
import java.util.List;

/**
 * ERROR: how a call, or loading, failed.
 *
 * @param kind what kind of failure
 * @param execution whether the handler ran
 * @param type the exception's qualified type name
 * @param message its text
 * @param traceback outermost first, without frames of the runtime
 * @param notes its notes
 * @param causes the exceptions that led to it, nearest first
 */
public record ErrorBody(
        ErrorKind kind,
        Execution execution,
        String type,
        String message,
        List<StackEntry> traceback,
        List<String> notes,
        List<CauseBody> causes) {}
