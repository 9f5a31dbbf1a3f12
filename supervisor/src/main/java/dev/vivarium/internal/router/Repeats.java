package dev.vivarium.internal.router;

import dev.vivarium.CallAttempt;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonException;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.recovery.Recovery;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Calls whose attempt came to nothing: whether they are sent again, and until when they wait before they are. Only the
 * router's thread uses this; {@link Recovery} decides.
 */
final class Repeats {

    /** What outlives the router's actor. */
    static final class Memory {
        // Calls that wait before they are sent again, and until when.
        private final Map<Long, Long> delayed = new HashMap<>();
        // Those of them that wait for a place among the calls that are tried again.
        private final Set<Long> parked = new LinkedHashSet<>();
        // Those of them whose handler asked for it, and what they fail with if nothing comes of it.
        private final Map<Long, PythonException> asked = new HashMap<>();
    }

    /** What this needs of the router. */
    interface Router {
        boolean isRefusing();

        boolean isRetrySafe(ActiveCall call);

        /** Puts a call back into the queue. */
        void giveBack(ActiveCall call);

        /** Fails a call that has waited too long. */
        void expire(ActiveCall call);

        /** A call is with the router no more. */
        void left(ActiveCall call);
    }

    private final PoolContext context;
    private final Memory memory;
    private final Map<Long, ActiveCall> calls;
    private final TimerScheduler<SessionRouter.Command> timers;
    private final Router router;

    /**
     * Creates it for an actor that starts.
     *
     * @param calls the calls that wait, by id
     */
    Repeats(
            PoolContext context,
            Memory memory,
            Map<Long, ActiveCall> calls,
            TimerScheduler<SessionRouter.Command> timers,
            Router router) {
        this.context = context;
        this.memory = memory;
        this.calls = calls;
        this.timers = timers;
        this.router = router;
    }

    /** Starts the timers of delayed calls that a restart of the actor has stopped. */
    void resume() {
        memory.delayed.forEach(this::startTimer);
    }

    private void startTimer(long id, long due) {
        Duration left = Duration.ofNanos(Math.max(0, due - context.clock().nanoTime()));
        timers.startSingleTimer(id, new SessionRouter.RetryDue(id), left);
    }

    /** A worker has ended with a call; the last of its attempts says so. */
    void lost(ActiveCall call, WorkerExit exit) {
        if (call.isDone()) {
            router.left(call);
            return;
        }
        decided(call, context.recovery().afterLoss(loss(call), exit, router.isRefusing()));
    }

    /** A worker is out of a call: does its handler ask to be called again later? */
    void released(ActiveCall call) {
        PythonException raised = call.takePostponed();
        if (raised == null) {
            return;
        }
        if (call.isDone()) {
            router.left(call);
            return;
        }
        Recovery.Verdict verdict = context.recovery()
                .afterRequest(loss(call), raised, raised.retryAfter().orElse(Duration.ZERO), router.isRefusing());
        if (verdict instanceof Recovery.Retry) {
            memory.asked.put(call.id(), raised);
        }
        decided(call, verdict);
    }

    private Recovery.Loss loss(ActiveCall call) {
        return new Recovery.Loss(
                call.toString(),
                router.isRetrySafe(call),
                !call.mayRepeat(),
                call.mayRepeat() ? call.maxRetries() : 0,
                call.attempts(),
                call.deadline() - context.clock().nanoTime(),
                call.admission());
    }

    private void decided(ActiveCall call, Recovery.Verdict verdict) {
        if (verdict instanceof Recovery.Retry retry) {
            again(call, retry.delay());
        } else {
            call.fail(((Recovery.Fail) verdict).error());
            router.left(call);
        }
    }

    private void again(ActiveCall call, Duration delay) {
        List<CallAttempt> attempts = call.attempts();
        CallAttempt last = attempts.get(attempts.size() - 1);
        context.stats().countRetry();
        context.events()
                .publish(new PoolEvent.CallRetried(
                        call.id(),
                        call.handler(),
                        attempts.size(),
                        last.worker(),
                        last.incarnation(),
                        delay,
                        context.clock().now()));
        if (!call.requeue()) {
            memory.asked.remove(call.id());
            router.left(call); // It has ended meanwhile.
            return;
        }
        calls.put(call.id(), call);
        if (delay.isZero()) {
            resume(call);
        } else {
            delay(call, context.clock().nanoTime() + delay.toNanos());
        }
    }

    private void delay(ActiveCall call, long due) {
        memory.delayed.put(call.id(), due);
        startTimer(call.id(), due);
    }

    /** Puts a call that is tried again into the queue, if there is a place for it among such calls; false when there is none. */
    private boolean resume(ActiveCall call) {
        PythonException raised = memory.asked.remove(call.id());
        if (raised != null && !context.recovery().readmit(call.admission())) {
            calls.remove(call.id());
            call.fail(raised);
            router.left(call);
        } else if (call.admission().takePlace()) {
            router.giveBack(call);
        } else {
            memory.parked.add(call.id());
            delay(call, call.waitsUntil());
            return false;
        }
        return true;
    }

    /** There may be a place for a call that waits for one. */
    void placeFree() {
        for (Iterator<Long> first = memory.parked.iterator(); first.hasNext(); first = memory.parked.iterator()) {
            long id = first.next();
            forget(id);
            ActiveCall call = calls.get(id);
            boolean waits = call != null && !resume(call);
            if (waits || (call != null && call.admission().hasPlace())) {
                return;
            }
            // It has ended meanwhile and has not taken the place, which nobody would tell of again.
        }
        context.recovery().nobodyWaits();
    }

    /** The time of a call has come. */
    void due(long id) {
        ActiveCall call = calls.get(id);
        if (memory.delayed.remove(id) == null || call == null) {
            return; // It was cancelled, or refused, meanwhile.
        }
        if (memory.parked.remove(id)) {
            calls.remove(id);
            router.expire(call);
            router.left(call);
        } else {
            resume(call);
        }
    }

    /** Returns the calls that wait before they are sent again. */
    List<Long> waiting() {
        return List.copyOf(memory.delayed.keySet());
    }

    /** A call does not wait any more. */
    void forget(long id) {
        memory.parked.remove(id);
        memory.asked.remove(id);
        if (memory.delayed.remove(id) != null) {
            timers.cancel(id);
        }
    }
}
