package dev.vivarium.internal.worker;

import dev.vivarium.PoolEvent;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.SlotEffect;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Publishes what happens in a slot. */
record SlotNews(PoolContext context, int slot) {

    private static final Logger log = LoggerFactory.getLogger(WorkerSlot.class);
    private static final Set<TransitionCause> WANTED_ENDS =
            EnumSet.of(TransitionCause.RETIRED, TransitionCause.RECYCLED, TransitionCause.DRAINED);

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
        if (!WANTED_ENDS.contains(exit.cause())) {
            log.warn("{}{}", exit.detail(), exit.stacks().isEmpty() ? "" : "; its threads then:\n" + exit.stacks());
        }
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
