package dev.vivarium.internal.worker;

import dev.vivarium.PoolEvent;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.context.Outliers;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.OutlierCore.Ejection;
import dev.vivarium.internal.core.SlotEffect;
import dev.vivarium.internal.core.SlotEvent.Verdict;
import dev.vivarium.internal.core.SlotState;
import dev.vivarium.internal.core.StallWatch;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What answers and progress say about the worker of one slot. The slot's actor owns it. */
final class SlotHealth {

    private static final Logger log = LoggerFactory.getLogger(SlotHealth.class);

    private final PoolContext context;
    private final int slot;
    private final Duration stallTimeout;
    private Duration ejectFor = Duration.ZERO;
    private StallWatch watch = StallWatch.begin(0, 0);

    SlotHealth(PoolContext context, int slot) {
        this.context = context;
        this.slot = slot;
        this.stallTimeout = context.config().health().stallTimeout();
    }

    /** Judges the worker by its answer to a call. */
    Verdict answered(ActiveCall call, int incarnation) {
        if (call.answer() == ActiveCall.Answer.NONE) {
            return Verdict.NONE;
        }
        boolean failed = call.answer() == ActiveCall.Answer.RAISED;
        boolean othersServe = failed && context.othersServe(slot);
        Outliers.Answer answer = new Outliers.Answer(slot, call.handler(), failed, context.wanted(), othersServe);
        return context.outliers().answered(answer, ejection -> ejected(ejection, incarnation));
    }

    private void ejected(Ejection ejection, int incarnation) {
        ejectFor = ejection.ejectFor();
        context.stats().countEjection();
        context.events()
                .publish(new PoolEvent.WorkerEjected(
                        context.worker(slot),
                        incarnation,
                        ejection.calls(),
                        ejection.failures(),
                        ejection.expected(),
                        ejectFor,
                        context.clock().now()));
        log.warn(
                "{}, incarnation {}, is an outlier: its handlers raised in {} of {} calls, where {}; it gets no call for {}",
                context.worker(slot),
                incarnation,
                ejection.failures(),
                ejection.calls(),
                Double.isNaN(ejection.expected())
                        ? "no other worker has answered such calls yet"
                        : String.format("the others would have in %.1f", ejection.expected()),
                ejectFor);
    }

    /** Returns how long the worker that was ejected last gets no call. */
    Duration ejectFor() {
        return ejectFor;
    }

    void moved(SlotEffect.Moved moved) {
        boolean back = moved.from() == WorkerState.DEGRADED && moved.to() == WorkerState.READY;
        if (back || moved.to() == WorkerState.TERMINATED) {
            renewed();
        }
    }

    /** The worker came back, or another took its place. */
    void renewed() {
        context.outliers().renewed(slot);
    }

    static WorkerSnapshot.Health of(SlotState state) {
        SlotState.Illness illness = state.illness();
        return illness == null
                ? WorkerSnapshot.Health.SOUND
                : new WorkerSnapshot.Health(illness.cause(), illness.failed(), illness.passed());
    }

    /** A call is about to be sent. Returns how long until the first look at its progress, or null when nobody looks. */
    @Nullable
    Duration watch(WorkerDriver driver) {
        if (stallTimeout.isZero()) {
            return null;
        }
        watch = StallWatch.begin(driver.progress(), context.clock().nanoTime());
        return StallWatch.interval(stallTimeout);
    }

    /** Looks at the progress of the call; returns whether it has stalled. */
    boolean isStalled(WorkerDriver driver) {
        long now = context.clock().nanoTime();
        watch = driver.isHeldBack() ? watch.hold(now) : watch.look(now, driver.progress());
        return watch.isStalled(now, stallTimeout);
    }

    /** Returns how many steps the call has reported. */
    long steps() {
        return watch.reported();
    }
}
