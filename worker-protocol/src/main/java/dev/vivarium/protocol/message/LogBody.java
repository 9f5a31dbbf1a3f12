package dev.vivarium.protocol.message;

/**
 * LOG: a log record of a worker.
 *
 * @param level DEBUG, INFO, WARNING, ERROR or CRITICAL
 * @param logger the logger's name
 * @param message the text
 * @param exception a traceback, or the empty string
 * @param dropped records dropped before this one
 */
public record LogBody(String level, String logger, String message, String exception, long dropped) {}
