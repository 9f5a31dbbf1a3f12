package dev.vivarium.internal.pool;

import dev.vivarium.DrainPolicy;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolCommand;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.PoolState;
import dev.vivarium.PythonCall;
import dev.vivarium.internal.context.OpenCall;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.router.SessionRouter;
import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/** How a pool closes: who waits for its end, and when the patience with its calls is over. Used by the pool's actor only. */
final class Closing {

    private final ActorRef<PoolCommand> pool;
    private final TimerScheduler<PoolCommand> timers;
    private final PoolContext context;
    private final ActorRef<SessionRouter.Command> router;
    private final List<ActorRef<Done>> closers = new ArrayList<>();
    private boolean timed;
    private long due;

    Closing(
            ActorRef<PoolCommand> pool,
            TimerScheduler<PoolCommand> timers,
            PoolContext context,
            ActorRef<SessionRouter.Command> router) {
        this.pool = pool;
        this.timers = timers;
        this.context = context;
        this.router = router;
    }

    /** Begins to close, or changes how: a later request may hurry, and nothing else. */
    void request(PoolCommand.Close request) {
        if (request.replyTo() != null) {
            closers.add(request.replyTo());
        }
        if (context.state() != PoolState.DRAINING) {
            context.changeState(PoolState.DRAINING);
            context.stats().onceIdle(() -> pool.tell(new PoolMessage.CallsEnded()));
        }
        DrainPolicy.Queued queued = request.queued();
        if ((queued == null ? context.config().drain().queued() : queued) == DrainPolicy.Queued.REFUSE) {
            router.tell(new SessionRouter.RefuseAll());
        }
        Duration atMost = request.atMost();
        if (atMost.isNegative() || atMost.isZero()) {
            pool.tell(new PoolMessage.CloseDue());
            return;
        }
        Duration limit = atMost.compareTo(PythonCall.MAX_TIMEOUT) > 0 ? PythonCall.MAX_TIMEOUT : atMost;
        long wanted = context.clock().nanoTime() + limit.toNanos();
        if (!timed || wanted - due < 0) {
            timed = true;
            due = wanted;
            timers.startSingleTimer(PoolMessage.CloseDue.class, new PoolMessage.CloseDue(), limit);
        }
    }

    /** Tells those who wait that the pool is gone. */
    void over() {
        closers.forEach(closer -> closer.tell(Done.getInstance()));
    }

    /** Ends the calls that were with the pool's actors, or on their way between them, when all of those stopped. */
    void failOpenCalls() {
        for (OpenCall call : context.stats().openCalls()) {
            boolean started = call.mayHaveStarted();
            call.abandon(new PoolClosed(
                    started ? Execution.UNKNOWN : Execution.NOT_STARTED,
                    call.attempts(),
                    "pool '" + context.config().name() + "' ended before " + call
                            + (started ? ", which a worker had been given" : ", which waited")));
        }
    }

    /** Returns what those are told who wait for the pool to serve. */
    static PoolStartFailed beforeItServed() {
        return new PoolStartFailed(
                PoolStartFailed.Reason.WORKERS_NOT_READY, "the pool was closed before it served", null);
    }
}
