package dev.vivarium;

import com.typesafe.config.Config;
import dev.vivarium.internal.pool.Pools;
import dev.vivarium.protocol.message.HandlerInfo;
import dev.vivarium.session.PoolSessions;
import dev.vivarium.session.PythonSession;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Source;

/**
 * A supervised pool of Python workers. Thread-safe.
 *
 * <pre>{@code
 * try (PythonPool pool = PythonPool.start(PoolConfig.builder().handlers("handlers.py").build())) {
 *     int words = pool.call(PythonCall.to("count_words").args("to be or not").returning(Integer.class)).await();
 * }
 * }</pre>
 */
public interface PythonPool extends AutoCloseable {

    /** How many settings a pool can have, and how many can wait to be made. */
    int MAX_SETTINGS = 64;

    /** How many bytes all settings of a pool can take together, encoded. */
    int MAX_SETTINGS_BYTES = 1 << 20;

    /** How many characters the name of a setting can have. */
    int MAX_SETTING_NAME = 256;

    /**
     * Starts a pool with an actor system of its own, which ends with the pool. Returns at once, but for reading the file of
     * sessions if it is to keep them in one: calls queue until workers are ready.
     *
     * @throws PoolStartFailed when the file of sessions cannot be opened; whatever else fails shows in {@link #whenServing()}
     */
    static PythonPool start(PoolConfig config) {
        return Pools.startOwning(config);
    }

    /** Starts a pool from a {@code vivarium} block. See {@link PoolConfig#fromConfig(Config)}. */
    static PythonPool fromConfig(Config root) {
        return start(PoolConfig.fromConfig(root).build());
    }

    /**
     * Starts a pool in an actor system that is already there. The pool closes before the system does (through
     * CoordinatedShutdown).
     *
     * @throws IllegalStateException when a pool of that name already runs there
     * @throws PoolStartFailed when the file of sessions cannot be opened
     */
    static PythonPool start(PoolConfig config, ActorSystem<?> system) {
        return Pools.startIn(config, system);
    }

    /**
     * Returns the behavior of a pool, to be spawned in a tree of the user's own. Its messages are {@link PoolCommand}s. It
     * stops when the pool was closed, and closes the pool when it is stopped.
     */
    static Behavior<PoolCommand> behavior(PoolConfig config) {
        return Pools.behavior(config);
    }

    /**
     * Finds a pool that runs in {@code system}. The returned view must not be closed to keep the pool running.
     *
     * @throws PoolNotFound when there is none of that name, naming those there are
     */
    static PythonPool find(ActorSystem<?> system, String name) {
        return Pools.find(system, name);
    }

    /** Returns the pool's name. */
    String name();

    /** Returns what the pool is: POOL, SINGLE or DISABLED, and AUTO as long as that is not decided. */
    PoolMode mode();

    /**
     * Calls a handler. Never throws for a call's trouble: what goes wrong, encoding and saturation included, is in the
     * returned call.
     *
     * @throws StackOverflowError when less than about 96 KiB of the calling thread's stack are left; nothing was begun then
     */
    <T> PendingCall<T> call(PythonCall<T> call);

    /** Calls a handler with positional arguments. Short for {@code call(PythonCall.to(handler).args(args).returning(type))}. */
    default <T> PendingCall<T> call(String handler, Class<T> type, Object... args) {
        return call(PythonCall.to(handler).args(args).returning(type));
    }

    /**
     * Calls a handler once in every worker that is up, degraded ones included, within one deadline. A busy worker gets the call
     * when it is free; a worker that ends meanwhile is reported with {@link WorkerCrashed}, and its replacement is not called.
     * Nothing is sent twice, whatever the call says of retries. Each part takes a place in the queue, as any call does.
     *
     * <p>Never throws for a call's trouble.
     */
    <T> PendingReplies<T> callAll(PythonCall<T> call);

    /**
     * Makes a setting: a call that every worker has answered before it serves. The workers that are up get it now, before their
     * next call; each later one gets all settings that are in force, oldest first, before it is READY. A setting replaces the one
     * of the same name, and outlives restarts of the pool's actors; not the pool.
     *
     * <p>It is tried in one worker first. When that fails, the stage fails with its error and nothing is kept; so a handler that
     * raises should have changed nothing. When it succeeds the setting is in force, and the stage completes with what each worker
     * made of it. A worker that fails then is ended, and its replacement gets the setting again. A worker that is too busy for
     * the deadline is reported with {@link CallTimedOut}, and gets the setting before its next call all the same. When no worker
     * is up, the setting is in force at once, untried, and there are no outcomes.
     *
     * <p>A worker that does not come up because of a setting is a failed start, like one that cannot load its handlers. The time
     * limit of the call holds for the stage, and in a starting worker for each call, within {@code timeouts.load} for all.
     *
     * @param name names the setting; 1 to {@value #MAX_SETTING_NAME} characters
     * @param call what to call; it may run any number of times in a worker
     * @return fails with {@link SettingRefused} when a limit is reached, and with what the first worker failed with
     * @throws IllegalArgumentException when the name is empty or too long
     */
    <T> CompletionStage<WorkerReplies<T>> configure(String name, PythonCall<T> call);

    /**
     * Forgets a setting. Workers that are up keep what it has made of them; later ones do not get it.
     *
     * @return whether there was one of that name
     * @throws IllegalArgumentException when the name is empty or too long
     */
    CompletionStage<Boolean> unconfigure(String name);

    /** Returns the names of the settings in force, oldest first. Never what they set, which may be secret. */
    List<String> settings();

    /**
     * Returns a session, new or not. Costs nothing, until its first call.
     *
     * @param id the session's name; 1 to 256 characters
     * @throws IllegalArgumentException when the name is empty or too long
     */
    PythonSession session(String id);

    /** Returns what can be done about sessions as a whole. */
    PoolSessions sessions();

    /**
     * Returns a flow that calls a handler for each element, at most {@code parallelism} at a time, and emits results in
     * the order of the elements. The first failing call fails the stream.
     */
    <I, O> Flow<I, O, NotUsed> flow(int parallelism, Function<I, PythonCall<O>> call);

    /** Returns a flow like {@link #flow} that emits every call's outcome and never fails because of one. */
    <I, O> Flow<I, CallOutcome<O>, NotUsed> outcomes(int parallelism, Function<I, PythonCall<O>> call);

    /**
     * Returns the answer of a handler as a stream: of a generator, or an asynchronous one, what it yields, as it yields it; of
     * any other handler its one result. Each time the source is run, a call is made and {@link PendingCall its view} is
     * materialized, which completes with the number of items. It is an ordinary call: it waits in the queue, and holds its
     * worker until the generator has ended.
     *
     * <ul>
     *   <li><b>Backpressure.</b> The handler may be ahead of the consumer as far as {@link PoolConfig#streams()} says, and is
     *       suspended then. A consumer that does not ask costs no thread and no more memory; its worker stays taken.
     *   <li><b>Time.</b> The call's time limit is that of the whole stream, from the moment it is run, a slow consumer's time
     *       included. A limit for the time between two items is Pekko's to set: {@code idleTimeout}, {@code initialTimeout},
     *       {@code backpressureTimeout}.
     *   <li><b>The end.</b> Where the consumer cancels, or its actor system ends, the call is cancelled, and the generator is
     *       closed: at once where it is suspended or computes in Python, and what else it does is the affair of the pool's time
     *       limits for cancelling.
     *   <li><b>Errors.</b> A failed call fails the stream with its {@link PoolException}, behind the items that came before. It
     *       says whether the handler has ended; that it has yielded something says that it has begun.
     *   <li><b>Retries.</b> A call that lost its worker is sent again if it may be <i>and</i> no item has come.
     *   <li><b>Items</b> are converted on the stream's own thread. {@code None} can only be carried as a {@code JsonNode} or
     *       a {@link dev.vivarium.protocol.RawJson}. {@link PythonCall#callbacksDirectly()} has no effect on items.
     * </ul>
     */
    <T> Source<T, PendingCall<Long>> stream(PythonCall<T> call);

    /** Returns the answer of a handler as a stream. Short for {@code stream(PythonCall.to(handler).args(args).returning(type))}. */
    default <T> Source<T, PendingCall<Long>> stream(String handler, Class<T> type, Object... args) {
        return stream(PythonCall.to(handler).args(args).returning(type));
    }

    /**
     * Returns a flow that feeds a handler, which gets what flows in from the iterator {@code ctx.input}, and emits its answer as
     * {@link #stream(PythonCall)} does. The handler need not take all there is, and need not yield one item for each.
     *
     * <p>Elements are sent when the handler asks for them, a frame of them ahead is encoded before. Where the input fails, so does
     * the flow, and the call is cancelled. A call that lost its worker is sent again if it may be, and no item has passed in either
     * direction.
     */
    <I, O> Flow<I, O, PendingCall<Long>> streamThrough(PythonCall<O> call);

    /**
     * Returns a stage that completes when the pool first serves ({@code minReady} workers are ready), and fails with
     * {@link PoolStartFailed} when a first start shows that it cannot, although the pool goes on trying, or with {@link
     * PoolDisabled} when its mode is DISABLED.
     */
    CompletionStage<PoolSnapshot> whenServing();

    /** Returns the handlers that the workers have loaded; empty until the first worker is ready. */
    List<HandlerInfo> handlers();

    /** Returns what went wrong so far. Cheap; never blocks. */
    ErrorReport errors();

    /** Returns what became of calls that lost a worker and were tried again. Cheap; never blocks. */
    RecoveryReport recoveries();

    /** Returns how long calls have waited and taken. Cheap; never blocks. */
    CallTimes times();

    /** Returns the pool at this moment. Cheap; never blocks. */
    PoolSnapshot snapshot();

    /**
     * Returns a source of events from the moment it is run. A consumer that falls more than 10,000 events behind loses
     * the newest; a consumer that must lose none uses {@link PoolConfigBuilder#eventListener}.
     */
    Source<PoolEvent, NotUsed> events();

    /**
     * Changes how many workers are wanted.
     *
     * @throws IllegalStateException when the mode is SINGLE or DISABLED
     * @throws IllegalArgumentException when it is not 1 to {@link PoolConfig#MAX_WORKERS} less the overflow
     */
    void resize(int workers);

    /**
     * Replaces every worker that there is now, one after the other; each replacement is ready before the old worker is let
     * go, and no call is lost.
     *
     * <p>It waits as long as a replacement cannot be started, and the old workers go on meanwhile.
     *
     * @return completes when all of them have been replaced, or the pool has closed; fails with IllegalStateException when
     *     the mode is SINGLE or DISABLED, or there is no room for one more worker below {@link PoolConfig#MAX_WORKERS}
     */
    CompletionStage<Done> rollingRestart();

    /** Sends a signal to a worker process, unless that incarnation has ended. For operations and chaos. */
    void signal(WorkerId worker, int incarnation, Signal signal);

    /** Returns the pool's actor, for use from other actors. */
    ActorRef<PoolCommand> actor();

    /**
     * Stops accepting calls, waits for those there are, but not longer than {@code atMost}, then ends the workers. Calls that
     * wait are finished or refused, as the pool's {@link DrainPolicy} says. Returns when no process, thread or file of the
     * pool is left, or at once when the pool's own event listener calls it: the pool ends after that has returned. Idempotent.
     * An interrupt ends the waiting for calls at once, and the interrupt flag is set again.
     *
     * @param atMost zero or less ends everything at once
     */
    void close(Duration atMost);

    /** Closes like {@link #close(Duration)}, with a choice of its own about calls that wait. */
    void close(Duration atMost, DrainPolicy.Queued queued);

    /** Closes as the pool's {@link DrainPolicy} says: by default with 30 seconds for the calls there are. */
    @Override
    void close();
}
