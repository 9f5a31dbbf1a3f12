package dev.vivarium.internal.context;

import dev.vivarium.PoolConfig;
import dev.vivarium.PoolDisabled;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolMode;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.PoolState;
import dev.vivarium.Safeguard;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.internal.attachment.SharedMemory;
import dev.vivarium.internal.port.Clock;
import dev.vivarium.internal.port.Entropy;
import dev.vivarium.internal.port.Machine;
import dev.vivarium.internal.port.ProcessLauncher;
import dev.vivarium.internal.recovery.Recovery;
import dev.vivarium.protocol.Codec;
import dev.vivarium.protocol.JsonCodec;
import dev.vivarium.protocol.message.HandlerInfo;
import dev.vivarium.session.SessionStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the parts of one pool share. Thread-safe. */
public final class PoolContext {

    /** How often slots are looked at for one snapshot, where they change meanwhile. */
    private static final int MOST_LOOKS = 100;

    /** The calls that the pool makes by itself have ids above this one; those of callers stay below. */
    public static final long OWN_CALLS = 1L << 62;

    private static final Logger log = LoggerFactory.getLogger(PoolContext.class);

    private final PoolConfig config;
    private final Machine machine;
    private final PoolStats stats = new PoolStats();
    private final EventHub events = new EventHub();
    private final CallBook calls;
    private final Codec codec;
    private final CallbackExecutor callbacks;
    private final Functions functions;
    private final Recovery recovery;
    private final ErrorBooks errors;
    private final Outliers outliers;
    private final ExecutorService io;
    private final AtomicLong callIds = new AtomicLong();
    private final ConcurrentSkipListMap<Integer, WorkerSnapshot> slots = new ConcurrentSkipListMap<>();
    private final CompletableFuture<PoolSnapshot> serving = new CompletableFuture<>();
    private final CompletableFuture<Done> closed = new CompletableFuture<>();
    private final SessionStats sessionStats = new SessionStats();
    private final @Nullable OwnSessionStore ownSessions;
    private final SessionStore sessions;
    private final SettingsBook settings;
    private final SharedMemory sharedMemory;
    private final AtomicLong ownCallIds = new AtomicLong(OWN_CALLS);
    private volatile List<String> sessionHooks = List.of();
    private volatile PoolState state = PoolState.STARTING;
    private volatile int wanted;
    private volatile PoolMode mode;
    private volatile @Nullable String disabled;
    private volatile @Nullable PoolStartFailed unable;
    private volatile long oldestWaitSince;
    private volatile boolean anyWaiting;
    private volatile List<HandlerInfo> handlers = List.of();
    private volatile @Nullable String trouble;

    /** Creates the context of a new pool without settings. */
    public PoolContext(PoolConfig config, Machine machine) {
        this(config, machine, new SettingsBook());
    }

    /**
     * Creates the context of a new pool.
     *
     * @param settings those in force, from the pool in whose place this one starts
     */
    public PoolContext(PoolConfig config, Machine machine, SettingsBook settings) {
        this.settings = settings;
        settings.workersGone();
        this.config = config;
        this.sharedMemory = new SharedMemory(config.name(), config.attachments().maxSharedBytes());
        this.machine = machine;
        this.codec = new JsonCodec(config.objectMapper(), config.calls().limits());
        this.calls = new CallBook(machine.clock(), events, config.callEvents());
        this.errors = new ErrorBooks(machine.clock());
        this.outliers = new Outliers(
                config.operation().has(Safeguard.OUTLIER_EJECTION)
                        ? config.outliers()
                        : config.outliers().enabled(false),
                machine.clock());
        this.recovery = new Recovery(config, machine.clock(), machine.entropy(), stats::accepted, events::publish);
        this.callbacks = new CallbackExecutor(config.name(), config.callbacks());
        this.functions = new Functions(config);
        // One thread a worker at the most: each worker has at most one blocking write or start under way.
        this.io = new ThreadPoolExecutor(
                0,
                PoolConfig.MAX_WORKERS + 8,
                10,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                CallbackExecutor.named("vivarium-" + config.name() + "-blocking-"));
        this.mode = config.operation().mode();
        this.wanted = config.sizing().workers();
        this.ownSessions = config.sessionStore() == null ? new OwnSessionStore(config.sessions(), io) : null;
        this.sessions = ownSessions != null ? ownSessions.store() : Objects.requireNonNull(config.sessionStore());
    }

    /** Returns the configuration. */
    public PoolConfig config() {
        return config;
    }

    /** Returns the clock. */
    public Clock clock() {
        return machine.clock();
    }

    /** Returns the randomness. */
    public Entropy entropy() {
        return machine.entropy();
    }

    /** Returns how processes are started. */
    public ProcessLauncher processes() {
        return machine.processes();
    }

    /** Returns the counters. */
    public PoolStats stats() {
        return stats;
    }

    /** Returns where events go. */
    public EventHub events() {
        return events;
    }

    /** Returns the codec. */
    public Codec codec() {
        return codec;
    }

    /** Returns the memory that is shared with workers. */
    public SharedMemory sharedMemory() {
        return sharedMemory;
    }

    /** Returns how long calls wait and take. */
    public CallBook calls() {
        return calls;
    }

    /** Returns what went wrong. */
    public ErrorBooks errors() {
        return errors;
    }

    /** Returns what is done about failures. */
    public Recovery recovery() {
        return recovery;
    }

    /** Returns what knows which worker fails where the others do not. */
    public Outliers outliers() {
        return outliers;
    }

    /** Returns whether a worker other than that of {@code slot} is idle or busy. */
    public boolean othersServe(int slot) {
        return slots.values().stream()
                .anyMatch(worker -> worker.worker().slot() != slot
                        && (worker.phase() == WorkerSnapshot.Phase.IDLE
                                || worker.phase() == WorkerSnapshot.Phase.BUSY));
    }

    /** Returns where sessions are kept. */
    public SessionStore sessions() {
        return sessions;
    }

    /**
     * Opens the pool's own store of sessions, which otherwise the first session does. Blocks while a file is read.
     *
     * @throws PoolStartFailed when it cannot be opened
     */
    public void openSessions() {
        if (ownSessions != null) {
            try {
                ownSessions.open();
            } catch (PoolStartFailed e) {
                endThreads(); // There will be no pool that does.
                io.shutdown();
                throw e;
            }
        }
    }

    /** Closes the pool's own store of sessions, and gives its shared memory back; completes when that has been done. */
    public CompletableFuture<Done> closeStores() {
        CompletableFuture<Done> sessionsClosed =
                ownSessions == null ? CompletableFuture.completedFuture(Done.getInstance()) : ownSessions.close();
        if (!sharedMemory.isOpen()) {
            sharedMemory.close();
            return sessionsClosed;
        }
        return CompletableFuture.runAsync(sharedMemory::close, io)
                .handle((nothing, failure) -> Done.getInstance())
                .thenCombine(sessionsClosed, (one, other) -> one);
    }

    /** Returns the counters of sessions. */
    public SessionStats sessionStats() {
        return sessionStats;
    }

    /** Returns which hooks of sessions the workers have loaded. */
    public List<String> sessionHooks() {
        return sessionHooks;
    }

    /** Sets which hooks of sessions there are. */
    public void sessionHooks(List<String> loaded) {
        sessionHooks = List.copyOf(loaded);
    }

    /** Returns where callbacks run. */
    public CallbackExecutor callbacks() {
        return callbacks;
    }

    /** Returns the functions that handlers may call. */
    public Functions functions() {
        return functions;
    }

    /** Ends the threads that run what is foreign, once they are idle. */
    public void endThreads() {
        callbacks.shutdown();
        functions.shutdown();
    }

    /** Returns the threads that may block. */
    public ExecutorService io() {
        return io;
    }

    /** Returns the next call's id, from 1. */
    public long nextCallId() {
        return callIds.incrementAndGet();
    }

    /** Returns the id of the next call that the pool makes by itself. */
    public long nextOwnCallId() {
        return ownCallIds.incrementAndGet();
    }

    /** Returns the settings that workers must have before they serve. */
    public SettingsBook settings() {
        return settings;
    }

    /** Returns a slot's name. */
    public WorkerId worker(int slot) {
        return new WorkerId(config.name(), slot);
    }

    /** Completes when the pool first serves, or fails when a first start shows that it cannot. */
    public CompletableFuture<PoolSnapshot> serving() {
        return serving;
    }

    /** Completes when nothing of the pool is left. */
    public CompletableFuture<Done> closed() {
        return closed;
    }

    /** Returns the pool's state. */
    public PoolState state() {
        return state;
    }

    /** Sets the pool's state. */
    public void state(PoolState next) {
        state = next;
    }

    /** Sets the pool's state and tells of it. */
    public void changeState(PoolState next) {
        PoolState before = state;
        state = next;
        events.publish(new PoolEvent.PoolStateChanged(before, next, clock().now()));
    }

    /** Returns what the pool is; AUTO as long as that is not decided. */
    public PoolMode mode() {
        return mode;
    }

    /** Decides what a pool of mode AUTO is. */
    public void chooseMode(PoolMode chosen, String reason) {
        mode = chosen;
        log.info("pool '{}' has mode {}: {}", config.name(), chosen, reason);
        events.publish(new PoolEvent.ModeChosen(chosen, reason, clock().now()));
    }

    /**
     * The pool has no workers from now on.
     *
     * @param why what stood in the way, or null when nobody tried
     */
    public void disable(String reason, @Nullable PoolStartFailed why) {
        unable = why;
        disabled = reason;
        wanted = 0;
        changeState(PoolState.DISABLED);
    }

    /** Returns the error of a call that comes to a disabled pool; null when the pool is not. */
    public @Nullable PoolDisabled disabled() {
        String reason = disabled;
        return reason == null || state != PoolState.DISABLED
                ? null
                : new PoolDisabled("pool '" + config.name() + "' is disabled: " + reason, unable);
    }

    /** Returns how many workers are wanted. */
    public int wanted() {
        return wanted;
    }

    /** Sets how many workers are wanted. */
    public void wanted(int workers) {
        wanted = workers;
    }

    /** Returns the handlers that workers have loaded; empty until one has. */
    public List<HandlerInfo> handlers() {
        return handlers;
    }

    /** Sets the handlers. */
    public void handlers(List<HandlerInfo> loaded) {
        handlers = List.copyOf(loaded);
    }

    /** Returns why workers cannot be started at present, or null. */
    public @Nullable String trouble() {
        return trouble;
    }

    /** Sets or clears why workers cannot be started. */
    public void trouble(@Nullable String what) {
        trouble = what;
    }

    /** Publishes where a slot stands. */
    public void slot(WorkerSnapshot snapshot) {
        slots.put(snapshot.worker().slot(), snapshot);
    }

    /** Forgets a slot that has ended. */
    public void slotEnded(int slot) {
        slots.remove(slot);
        outliers.forget(slot);
    }

    /** Publishes since when the oldest call has waited. */
    public void oldestWait(boolean any, long since) {
        oldestWaitSince = since;
        anyWaiting = any;
    }

    /**
     * Returns where all slots stood at one moment, so that no call is seen with two that it went between: what was found twice in a
     * row was there in between. Bounded, for a pool in which something changes all the time.
     */
    private List<WorkerSnapshot> slotsTogether() {
        List<WorkerSnapshot> seen = new ArrayList<>(slots.values());
        for (int look = 0; look < MOST_LOOKS; look++) {
            List<WorkerSnapshot> again = new ArrayList<>(slots.values());
            if (isSame(seen, again)) {
                return seen;
            }
            seen = again;
        }
        return seen;
    }

    @SuppressWarnings("ReferenceEquality") // Every change is another object, also one to what was before.
    private static boolean isSame(List<WorkerSnapshot> seen, List<WorkerSnapshot> again) {
        for (int i = 0; i < seen.size(); i++) {
            if (i >= again.size() || seen.get(i) != again.get(i)) {
                return false;
            }
        }
        return seen.size() == again.size();
    }

    /** Returns the pool at this moment. */
    public PoolSnapshot snapshot() {
        List<WorkerSnapshot> workers = slotsTogether();
        Duration oldest =
                anyWaiting ? Duration.ofNanos(Math.max(0, clock().nanoTime() - oldestWaitSince)) : Duration.ZERO;
        return new PoolSnapshot(
                config.name(),
                state,
                wanted,
                stats.waiting(),
                oldest,
                stats.accepted(),
                stats.succeeded(),
                stats.failed(),
                stats.retried(),
                stats.restarts(),
                stats.ejections(),
                stats.lateReplies(),
                stats.droppedLogLines(),
                stats.ladder(),
                sessionStats.counts(),
                recovery.openCircuits(),
                workers);
    }
}
