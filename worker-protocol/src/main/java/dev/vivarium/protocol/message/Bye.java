package dev.vivarium.protocol.message;

/**
 * BYE: the sender ends.
 *
 * @param reason why
 */
public record Bye(String reason) {}
