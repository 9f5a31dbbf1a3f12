package dev.vivarium.testkit;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/** Waits for something, and moves virtual time on meanwhile. */
final class Passing {

    private Passing() {}

    /**
     * Waits until something holds. The kit's patience counts anew from each progress.
     *
     * @param progress changes when what is waited for has come nearer
     */
    static void until(TestPool kit, String what, BooleanSupplier holds, LongSupplier progress)
            throws InterruptedException {
        until(kit, what, holds, progress, Patience.LIMIT);
    }

    static void until(TestPool kit, String what, BooleanSupplier holds, LongSupplier progress, Duration patience)
            throws InterruptedException {
        Pace pace = new Pace(kit.layer());
        EventRecorder events = kit.events();
        long end = System.nanoTime() + patience.toNanos();
        long before = progress.getAsLong();
        kit.time().settle();
        while (!holds.getAsBoolean()) {
            if (kit.time().isVirtual()) {
                kit.time().advance(pace.step(events.count(), System.nanoTime()));
            }
            long now = progress.getAsLong();
            if (now != before) {
                before = now;
                end = System.nanoTime() + patience.toNanos();
            }
            events.awaitChange(end, pace.look(), () -> "not yet " + what);
        }
    }
}
