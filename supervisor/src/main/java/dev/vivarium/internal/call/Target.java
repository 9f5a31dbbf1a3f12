package dev.vivarium.internal.call;

/** One worker process, by its slot and incarnation. */
public record Target(int slot, int incarnation) {}
