package dev.vivarium.internal.core.model;

import dev.vivarium.internal.core.SlotEvent;

/** What a slot is told. */
sealed interface ToSlot {

    /** Who tells it: what one tells arrives in order, what two tell in any. */
    enum Sender {
        ROUTER,
        POOL,
        LINK,
        CONTROL,
        GUARDIAN,
        CALLER
    }

    record Lease(int incarnation, int call) implements ToSlot {}

    record Forgotten() implements ToSlot {}

    record CallStopped(int incarnation, int call) implements ToSlot {}

    /** A report of the driver, or an order of the pool. */
    record Told(SlotEvent event) implements ToSlot {}
}
