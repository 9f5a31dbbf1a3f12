package dev.vivarium.internal.worker;

import dev.vivarium.PoolEvent;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.SlotEffect;
import java.time.Duration;

/** Publishes what happens in a slot. */
record SlotNews(PoolContext context, int slot) {

    void moved(SlotEffect.Moved moved) {
        context.events()
                .publish(new PoolEvent.WorkerTransitioned(
                        context.worker(slot),
                        moved.incarnation(),
                        moved.from(),
                        moved.to(),
                        moved.cause(),
                        context.clock().now()));
    }

    void climbed(SlotEffect.Climbed climbed) {
        context.stats().countRung(climbed.rung());
        context.events()
                .publish(new PoolEvent.LadderClimbed(
                        context.worker(slot),
                        climbed.incarnation(),
                        climbed.callId(),
                        climbed.rung(),
                        context.clock().now()));
    }

    void exited(WorkerExit exit, long callId) {
        context.events()
                .publish(
                        new PoolEvent.WorkerExited(exit, callId, context.clock().now()));
    }

    void checked(int incarnation, boolean answered) {
        context.events()
                .publish(new PoolEvent.HealthChecked(
                        context.worker(slot),
                        incarnation,
                        answered,
                        context.clock().now()));
    }

    void restart(SlotEffect.ScheduleRestart restart, Duration delay) {
        context.events()
                .publish(new PoolEvent.RestartScheduled(
                        context.worker(slot),
                        restart.failures(),
                        delay,
                        restart.cause(),
                        context.clock().now()));
    }
}
