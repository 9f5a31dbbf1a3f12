package dev.vivarium.protocol.message;

/**
 * SPAWNED: a worker was started.
 *
 * @param slot the slot
 * @param pid its process id
 * @param startTime when it started, in clock ticks since boot; 0 when unknown
 * @param pipes whether the data channel is the pipes that SPAWN named
 */
public record Spawned(int slot, long pid, long startTime, boolean pipes) {}
