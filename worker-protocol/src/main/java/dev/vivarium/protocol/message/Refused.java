package dev.vivarium.protocol.message;

/**
 * REFUSED: a request to the guardian could not be carried out.
 *
 * @param slot the slot
 * @param reason what stood in the way
 * @param errno the operating system's error number, or 0
 */
public record Refused(int slot, String reason, int errno) {}
