package dev.vivarium.internal.core.model;

import dev.vivarium.internal.core.SlotCore;
import dev.vivarium.internal.core.SlotEvent;
import dev.vivarium.internal.core.SlotState;
import java.time.Duration;

/** The decisions of a slot: the real core, or a decorator of it that watches or spoils them. */
interface SlotDecisions {

    /**
     * The real core. Every worker that was ready counts as stable, so failures in a row have no memory beyond that, and a
     * second missed health check is one too many.
     */
    SlotDecisions REAL = new SlotCore(Duration.ZERO, 2, true, true)::on;

    SlotCore.Step on(SlotState state, SlotEvent event, long now);
}
