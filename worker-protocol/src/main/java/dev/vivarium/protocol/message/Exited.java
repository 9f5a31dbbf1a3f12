package dev.vivarium.protocol.message;

/**
 * EXITED: a worker ended.
 *
 * @param slot the slot
 * @param pid its process id
 * @param status the raw wait status
 * @param maxRssKiB the largest resident memory, in KiB
 * @param userMicros processor time in user mode
 * @param systemMicros processor time in the kernel
 * @param oomKills out-of-memory kills that the kernel counted in its lifetime, -1 when unknown
 * @param orphansKilled descendants that it left behind and that were killed
 */
public record Exited(
        int slot,
        long pid,
        int status,
        long maxRssKiB,
        long userMicros,
        long systemMicros,
        long oomKills,
        int orphansKilled) {}
