package dev.vivarium.protocol.message;

/**
 * SPACE: a segment that a worker may write its results to from now on, or why it gets none.
 *
 * @param segment its number; 0 when it gets none
 * @param bytes its size, header included
 * @param refusal why it gets none; else empty
 */
public record Space(long segment, int bytes, String refusal) {}
