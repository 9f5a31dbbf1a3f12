package dev.vivarium.internal.worker;

import dev.vivarium.PoolConfig;
import dev.vivarium.Safeguard;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.Backoff;
import dev.vivarium.internal.core.SlotEffect;
import dev.vivarium.internal.core.SlotEvent.Timer;
import java.time.Duration;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/** Carries out the effects that concern the timers of a slot, and has the timer of its call. */
final class TimerEffects {

    private final TimerScheduler<WorkerSlot.Command> timers;
    private final PoolContext context;
    private final SlotHealth health;
    private final SlotNews news;
    private final LazyTimer deadline;
    private final LazyTimer check;

    TimerEffects(TimerScheduler<WorkerSlot.Command> timers, PoolContext context, SlotHealth health, SlotNews news) {
        this.timers = timers;
        this.context = context;
        this.health = health;
        this.news = news;
        LazyTimer.Scheduler scheduler = (look, in) -> timers.startSingleTimer(look, look, in);
        this.deadline = new LazyTimer(scheduler, context.clock(), "deadline");
        this.check = new LazyTimer(scheduler, context.clock(), "check");
    }

    /** Has the slot told when the deadline of its call has passed. */
    void startDeadline(int incarnation, long callId, long at) {
        deadline.startUntil(new SlotNote.DeadlinePassed(incarnation, callId), at);
    }

    /** The call is over. */
    void stopDeadline() {
        deadline.stop();
    }

    /** The scheduler's timer of this name has fired: the slot is told what is due now, if anything is. */
    Behavior<WorkerSlot.Command> onLook(SlotNote.Look look, ActorRef<WorkerSlot.Command> slot) {
        WorkerSlot.Command due = (look.equals(deadline.look()) ? deadline : check).fired();
        if (due != null) {
            slot.tell(due);
        }
        return Behaviors.same();
    }

    /** Returns whether it was such an effect. */
    boolean carryOut(SlotEffect effect) {
        if (effect instanceof SlotEffect.StartTimer start) {
            if (start.timer() == Timer.HEALTH && !context.config().operation().has(Safeguard.HEALTH_CHECKS)) {
                return true;
            }
            boolean ejected = start.timer() == Timer.EJECTION;
            Duration time = ejected ? health.ejectFor() : SlotTimes.of(start.timer(), context.config());
            start(start.incarnation(), start.timer(), time);
        } else if (effect instanceof SlotEffect.StopTimer stop) {
            if (stop.timer() == Timer.HEALTH) {
                check.stop();
            } else {
                timers.cancel(stop.timer());
            }
        } else if (effect instanceof SlotEffect.ScheduleRestart restart) {
            scheduleRestart(restart);
        } else {
            return false;
        }
        return true;
    }

    /** A process has been started: it has so long to say hello, however long it took until it could be. */
    void spawned(int incarnation) {
        if (timers.isTimerActive(Timer.CONNECT)) {
            start(incarnation, Timer.CONNECT, context.config().timeouts().connect());
        }
    }

    private void start(int incarnation, Timer timer, Duration time) {
        SlotNote.TimerElapsed elapsed = new SlotNote.TimerElapsed(incarnation, timer);
        if (timer == Timer.HEALTH) {
            check.start(elapsed, time);
        } else {
            timers.startSingleTimer(timer, elapsed, time);
        }
    }

    private void scheduleRestart(SlotEffect.ScheduleRestart restart) {
        PoolConfig.Restart policy = context.config().restart();
        Duration delay = new Backoff(policy.minBackoff(), policy.maxBackoff(), policy.jitter())
                .delay(restart.waits(), context.entropy().unit());
        if (restart.waits() > 0) {
            start(restart.incarnation(), Timer.BACKOFF, delay);
        }
        news.restart(restart, delay);
    }
}
