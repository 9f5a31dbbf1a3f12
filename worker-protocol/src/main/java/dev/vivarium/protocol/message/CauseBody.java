package dev.vivarium.protocol.message;

import java.util.List;

/**
 * An exception that led to another.
 *
 * @param relation {@code cause} (raise ... from) or {@code context} (raised while handling)
 * @param type its qualified type name
 * @param message its text
 * @param traceback outermost first
 * @param notes its notes
 */
public record CauseBody(String relation, String type, String message, List<StackEntry> traceback, List<String> notes) {}
