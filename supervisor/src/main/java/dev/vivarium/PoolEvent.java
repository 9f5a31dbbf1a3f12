package dev.vivarium;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Something that happened in a pool. Events of one worker arrive in the order in which they happened. */
public sealed interface PoolEvent {

    /** Returns when it happened, by the pool's wall clock. */
    Instant at();

    /**
     * An incarnation changed its state; published exactly once for each legal transition.
     *
     * @param from null for the start of an incarnation
     */
    record WorkerTransitioned(
            WorkerId worker,
            int incarnation,
            @Nullable WorkerState from,
            WorkerState to,
            TransitionCause cause,
            Instant at)
            implements PoolEvent {}

    /**
     * A worker process ended.
     *
     * @param callId the call that it was running, 0 for none
     */
    record WorkerExited(WorkerExit exit, long callId, Instant at) implements PoolEvent {}

    /**
     * The pool does something to get a worker off a call that is over.
     *
     * @param rung what it does; see there for the order
     */
    record LadderClimbed(WorkerId worker, int incarnation, long callId, LadderRung rung, Instant at)
            implements PoolEvent {}

    /**
     * A slot will start its next incarnation.
     *
     * @param failures failed starts in a row; a number that keeps growing is a crash loop
     * @param delay how long the slot waits first
     */
    record RestartScheduled(WorkerId worker, int failures, Duration delay, TransitionCause cause, Instant at)
            implements PoolEvent {}

    /**
     * A worker failed where the others did not, and gets probe calls only.
     *
     * @param calls its calls within the window that were looked at
     * @param failures those in which the handler had raised
     * @param expected how many of them the other workers would have failed; NaN where they had not answered such calls
     * @param ejectFor how long it gets no call at all
     */
    record WorkerEjected(
            WorkerId worker, int incarnation, long calls, long failures, double expected, Duration ejectFor, Instant at)
            implements PoolEvent {}

    /**
     * A worker that works will be replaced, as soon as its replacement is ready; see {@link RecyclePolicy}. Its end is a
     * {@link WorkerExited} with the cause {@link TransitionCause#RECYCLED}.
     */
    record RecycleDue(WorkerId worker, int incarnation, RecycleReason reason, Instant at) implements PoolEvent {}

    /**
     * A call is sent again because its worker ended, or because its handler asked to be called again later.
     *
     * @param attempt the number of the attempt that failed, from 1
     * @param delay how long the call waits first
     */
    record CallRetried(
            long callId, String handler, int attempt, WorkerId worker, int incarnation, Duration delay, Instant at)
            implements PoolEvent {}

    /**
     * A call ended, or was refused. Published when {@link PoolConfigBuilder#callEvents} is on.
     *
     * @param attempts how many times it was sent to a worker
     * @param waited how long it waited for its first worker; null when it never had one
     * @param took how long it took from when it was made; zero when it was refused
     * @param error what it failed with; null when it ended well
     */
    record CallEnded(
            long callId,
            String handler,
            int attempts,
            @Nullable Duration waited,
            Duration took,
            @Nullable PoolException error,
            Instant at)
            implements PoolEvent {}

    /**
     * A call of a {@link PoolFunction} by a handler ended, or was refused. Published when {@link PoolConfigBuilder#callEvents} is on.
     *
     * @param handler the handler that called the function
     * @param took how long it took from when the JVM had read what was asked; zero when it was refused
     * @param error the class of what the function threw, or why the handler got no result; empty when it got one, and where
     *     nobody waited for one any more
     */
    record CallbackEnded(
            long callId,
            String handler,
            String function,
            WorkerId worker,
            int incarnation,
            Duration took,
            CallbackOutcome outcome,
            String error,
            Instant at)
            implements PoolEvent {}

    /**
     * An idle worker was asked whether it is well.
     *
     * @param answered whether it answered within {@code healthTimeout}
     */
    record HealthChecked(WorkerId worker, int incarnation, boolean answered, Instant at) implements PoolEvent {}

    /** Something that somebody should look at; see {@link AlertPolicy}. */
    record AlertRaised(Alert alert, Instant at) implements PoolEvent {}

    /** A circuit breaker changed its state. */
    record CircuitChanged(Circuit circuit, Circuit.State from, Circuit.State to, Instant at) implements PoolEvent {}

    /** A session was bound to a worker, for the first time or anew; its state travels with its next call. */
    record SessionBound(String session, WorkerId worker, int incarnation, long epoch, Instant at)
            implements PoolEvent {}

    /** A session was not used for as long as it stays with a worker, or gave way to others. Its state is kept. */
    record SessionExpired(String session, WorkerId worker, Instant at) implements PoolEvent {}

    /** Something of a session is gone; a call is told by {@link SessionLost}. */
    record SessionWasLost(String session, long epoch, Instant at) implements PoolEvent {}

    /** The guardian is up; workers can be started. */
    record GuardianStarted(long pid, Instant at) implements PoolEvent {}

    /** The guardian ended without being asked to, and every worker with it; a new one is being started. */
    record GuardianLost(long pid, String detail, Instant at) implements PoolEvent {}

    /**
     * The template is ready: from now on workers are forked from it.
     *
     * @param loaded how long it took to load what it preloads
     */
    record TemplateStarted(long pid, Duration loaded, Instant at) implements PoolEvent {}

    /** The template ended. Its workers live on; until another is ready, new ones load everything themselves. */
    record TemplateLost(String detail, Instant at) implements PoolEvent {}

    /** The template could not be started, or could not load what it is to. It will be tried again. */
    record TemplateFailed(String detail, Instant at) implements PoolEvent {}

    /**
     * The mode {@link PoolMode#AUTO} has been decided.
     *
     * @param chosen POOL or DISABLED
     * @param reason what decided it
     */
    record ModeChosen(PoolMode chosen, String reason, Instant at) implements PoolEvent {}

    /** The pool changed its state. */
    record PoolStateChanged(PoolState from, PoolState to, Instant at) implements PoolEvent {}
}
