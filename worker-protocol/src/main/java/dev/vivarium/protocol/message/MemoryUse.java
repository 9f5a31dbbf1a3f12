package dev.vivarium.protocol.message;

/**
 * MEMORY: what a worker's process tree takes has changed, or is over the limit.
 *
 * @param slot the slot
 * @param bytes its resident memory
 * @param processes how many processes the tree has, the worker included
 */
public record MemoryUse(int slot, long bytes, int processes) {}
