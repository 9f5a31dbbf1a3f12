package dev.vivarium.internal.guardian;

import dev.vivarium.MemoryPolicy;
import dev.vivarium.PoolConfig;
import dev.vivarium.RecyclePolicy;
import org.jspecify.annotations.Nullable;

/**
 * What the guardian is told about measuring memory.
 *
 * @param everyMillis the longest time between two looks
 * @param limit bytes that make it look more often when they come near, 0 for none
 * @param preciseFrom bytes from which on shared memory must count only once, 0 for none
 */
record MemoryOrder(long everyMillis, long limit, long preciseFrom) {

    /** Returns what a pool's options ask for; null when nobody wants to know. */
    static @Nullable MemoryOrder of(PoolConfig config) {
        MemoryPolicy memory = config.memory();
        RecyclePolicy recycling = config.recycling();
        if (memory.limit() == 0 && recycling.maxMemory() == 0 && !memory.measured()) {
            return null;
        }
        // The lowest that jitter may make of it: the figure must be the same whether or not the threshold is reached.
        long lowest = Math.max(1, (long) (recycling.maxMemory() * (1 - recycling.jitter())));
        long precise = recycling.maxMemory() == 0 ? memory.limit() : lowest;
        return new MemoryOrder(memory.interval().toMillis(), memory.limit(), precise);
    }
}
