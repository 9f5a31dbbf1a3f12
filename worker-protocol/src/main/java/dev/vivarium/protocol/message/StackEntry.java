package dev.vivarium.protocol.message;

/**
 * One line of a Python traceback.
 *
 * @param file the source file
 * @param line the line in it, from 1
 * @param function the function's name
 * @param code the line's text, or the empty string
 */
public record StackEntry(String file, int line, String function, String code) {}
