package dev.vivarium.internal.worker;

import dev.vivarium.PoolConfig;
import dev.vivarium.Safeguard;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.Backoff;
import dev.vivarium.internal.core.SlotEffect;
import dev.vivarium.internal.core.SlotEvent.Timer;
import java.time.Duration;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/** Carries out the effects that concern the timers of a slot. */
record TimerEffects(TimerScheduler<WorkerSlot.Command> timers, PoolContext context, SlotHealth health, SlotNews news) {

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
            timers.cancel(stop.timer());
        } else if (effect instanceof SlotEffect.ScheduleRestart restart) {
            scheduleRestart(restart);
        } else {
            return false;
        }
        return true;
    }

    private void start(int incarnation, Timer timer, Duration time) {
        timers.startSingleTimer(timer, new SlotNote.TimerElapsed(incarnation, timer), time);
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
