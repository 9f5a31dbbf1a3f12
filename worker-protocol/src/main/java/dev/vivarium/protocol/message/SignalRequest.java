package dev.vivarium.protocol.message;

/**
 * SIGNAL: send a signal to a worker.
 *
 * @param slot the slot
 * @param signal the signal's number
 * @param scope {@code process}, or {@code group} for its whole process group
 */
public record SignalRequest(int slot, int signal, String scope) {}
