package dev.vivarium.testkit;

import dev.vivarium.PendingCall;
import dev.vivarium.PoolCommand;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolConfigBuilder;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.internal.pool.Pools;
import dev.vivarium.internal.pool.WorkerHost;
import dev.vivarium.internal.port.Entropy;
import dev.vivarium.internal.port.Machine;
import dev.vivarium.internal.port.ProcessLauncher;
import dev.vivarium.testkit.internal.Ending;
import dev.vivarium.testkit.internal.ExecutionLog;
import dev.vivarium.testkit.internal.FakeHost;
import dev.vivarium.testkit.internal.FaultPlan;
import dev.vivarium.testkit.internal.FaultProxy;
import dev.vivarium.testkit.internal.Gates;
import dev.vivarium.testkit.internal.KitFolder;
import dev.vivarium.testkit.internal.KitSystem;
import dev.vivarium.testkit.internal.LedgerPool;
import dev.vivarium.testkit.internal.ScriptedGuardian;
import dev.vivarium.testkit.internal.ScriptedProcess;
import dev.vivarium.testkit.internal.SeededEntropy;
import dev.vivarium.testkit.internal.WarningRecorder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.Behavior;
import org.jspecify.annotations.Nullable;

/**
 * A pool of its own for one test: its own actor system, folder, name, time and faults. Thread-safe.
 *
 * <p>{@link #leaks()} ends it and says what is left, {@link #close()} removes the rest. {@code VivariumExtension} of the
 * JUnit 5 module does both after every test.
 */
public final class TestPool implements AutoCloseable {

    private static final String KIT_HANDLERS = "vivarium_testkit";

    private final TestPoolSpec spec;
    private final String name;
    private final boolean first;
    private final KitFolder folder;
    private final ActorTestKit actors;
    private final LeakAudit audit;
    private final WarningRecorder warnings;
    private final EventRecorder events = new EventRecorder();
    private final List<TestProbe<PoolEvent>> probes = new ArrayList<>();
    private final TestTime time;
    private final Gates gates;
    private final Ledger ledger;
    private final FaultPlan plan = new FaultPlan();
    private final FaultInjector faults;
    private final Machine machine;
    private final WorkerHost.@Nullable Starter host;
    private final List<TestPool> others = new ArrayList<>();
    private volatile @Nullable LedgerPool pool;
    private final Map<Integer, TestWorker> workers = new ConcurrentHashMap<>();
    private boolean ended;
    private @Nullable PoolSnapshot last;

    /** Starts a pool. */
    public static TestPool start(TestPoolSpec spec) {
        TestPool prepared = prepare(spec);
        try {
            return prepared.start();
        } catch (RuntimeException e) {
            prepared.close();
            throw e;
        }
    }

    /**
     * Makes everything that a pool needs, and leaves the pool to the test: {@link #start()}, {@link #start(Consumer)},
     * {@link #behavior} or {@link #adopt}.
     */
    public static TestPool prepare(TestPoolSpec spec) {
        String name = KitSystem.nextName();
        WarningRecorder warnings = new WarningRecorder(name);
        try {
            TestTime time = new TestTime(spec.virtualTime(), spec.layer());
            var system = KitSystem.create(name, spec.virtualTime(), spec.layer());
            return new TestPool(spec, name, system, time, warnings, true);
        } catch (RuntimeException e) {
            warnings.close();
            throw e;
        }
    }

    private TestPool(
            TestPoolSpec spec,
            String name,
            ActorTestKit actors,
            TestTime time,
            WarningRecorder warnings,
            boolean first) {
        this.spec = spec;
        this.name = name;
        this.first = first;
        this.actors = actors;
        this.time = time;
        this.warnings = warnings;
        folder = KitFolder.create();
        audit = new LeakAudit(name, name, List.of(folder.runtime(), folder.temporary()), spec.auditPatience());
        time.connect(actors.system());
        ExecutionLog log = new ExecutionLog(folder.record());
        ledger = new Ledger(log, spec.scripted());
        gates = new Gates(folder.gates());
        ScriptedProcess.Shared shared = new ScriptedProcess.Shared(spec.script(), gates, log, plan, this::later);
        faults = new FaultInjector(spec.layer(), spec.faults(), plan, this::later, events::last);
        ProcessLauncher launcher =
                spec.layer() == Layer.PYTHON ? ProcessLauncher.system() : ScriptedGuardian.launcher(shared);
        Entropy entropy = new SeededEntropy(spec.seed(), name);
        boolean python = spec.layer() == Layer.PYTHON;
        machine =
                new Machine(time.clock(), entropy, FaultProxy.in(folder, launcher, plan, name, python, spec.faults()));
        host = spec.layer() == Layer.FAKE ? FakeHost.starter(shared) : null;
    }

    /** Starts the pool as its specification says. */
    public TestPool start() {
        return start(settings -> {});
    }

    /** Starts the pool on what is made of its host, for tests of the kit. */
    TestPool startOn(UnaryOperator<WorkerHost.Starter> made) {
        started(Pools.startOn(
                machine, made.apply(Objects.requireNonNull(host)), config(settings -> {}), actors.system()));
        return this;
    }

    /**
     * Starts the pool with further settings of the test's own, such as an executor or a file in a temporary folder. Its name
     * and what marks its processes are the kit's whatever the settings say.
     */
    public TestPool start(Consumer<PoolConfigBuilder> settings) {
        started(Pools.startOn(machine, host, config(settings), actors.system()));
        return this;
    }

    /**
     * Returns the behavior of the pool, for a test that spawns it itself. Calls that such a test makes with
     * {@link PoolCommand.Call} get into the books by {@link Ledger#enter}.
     *
     * @param settings as for {@link #start(Consumer)}
     */
    public Behavior<PoolCommand> behavior(Consumer<PoolConfigBuilder> settings) {
        return Pools.behaviorOn(machine, host, config(settings), this::started);
    }

    /**
     * Takes on a pool that the test has started itself, from {@link #config}, such as one with an actor system of its own.
     *
     * @return the pool; calls that are made through it are in the ledger
     */
    public PythonPool adopt(PythonPool own) {
        ledger.expectNoScript();
        return started(own);
    }

    private PythonPool started(PythonPool real) {
        LedgerPool watched = new LedgerPool(real, ledger.book());
        pool = watched;
        return watched;
    }

    /**
     * Returns the configuration that the pool is started with: for {@link #adopt}. A pool that is started from it by
     * {@link PythonPool} is a real one, whatever the layer.
     *
     * @param settings as for {@link #start(Consumer)}
     */
    public PoolConfig config(Consumer<PoolConfigBuilder> settings) {
        PoolConfigBuilder builder = spec.config();
        builder.name(name).runtimeDirectory(folder.runtime());
        List<String> handlers = new ArrayList<>(spec.handlers());
        handlers.add(KIT_HANDLERS);
        builder.handlers(handlers);
        settings.accept(builder);
        PoolConfig wanted = builder.build();
        Set<String> sources = new LinkedHashSet<>(wanted.handlers());
        sources.add(KIT_HANDLERS);
        // So that handlers of the test's own can import the kit's module.
        List<Path> path = new ArrayList<>(wanted.interpreter().pythonPath());
        path.add(folder.python());
        audit.alsoLookIn(wanted.runtimeDirectory());
        Consumer<PoolEvent> listener = wanted.eventListener();
        return wanted.toBuilder()
                .name(name)
                .handlers(List.copyOf(sources))
                .pythonPath(path)
                .environment(LeakAudit.MARK, name)
                .environment("TMPDIR", folder.temporary().toString())
                .environment(ExecutionLog.VARIABLE, folder.record().toString())
                .environment(Gates.VARIABLE, folder.gates().toString())
                .eventListener(
                        listener == null
                                ? this::publish
                                : event -> {
                                    publish(event);
                                    listener.accept(event);
                                })
                .build();
    }

    /**
     * Makes everything for another pool of this test's: in the same actor system and time, with books, folder, events and
     * faults of its own. It ends with this one, and what it leaves is a leak of this one's.
     *
     * @param suffix what its name has behind this one's; two of one suffix have the same name
     */
    public TestPool another(String suffix) {
        TestPool another = new TestPool(spec, name + "-" + suffix, actors, time, warnings, false);
        synchronized (others) {
            others.add(another);
        }
        return another;
    }

    private void later(Duration delay, Runnable task) {
        var unused = actors.system()
                .scheduler()
                .scheduleOnce(delay, task, actors.system().executionContext());
    }

    private void publish(PoolEvent event) {
        events.add(event);
        synchronized (probes) {
            probes.forEach(probe -> probe.getRef().tell(event));
        }
    }

    /**
     * Returns the pool. Its calls are in the ledger.
     *
     * @throws IllegalStateException while it has not been started
     */
    public PythonPool pool() {
        PythonPool started = pool;
        if (started == null) {
            throw new IllegalStateException("pool " + name + " has not been started");
        }
        return started;
    }

    /** Returns the pool's name, which it also has before it is started. */
    public String name() {
        return name;
    }

    /** Returns the processes of the pool that live at this moment, guardian and workers' children included. */
    public List<ProcessHandle> processes() {
        return audit.processes();
    }

    /** Returns what is real of it. */
    public Layer layer() {
        return spec.layer();
    }

    /** Returns the folder that its private directory is in; whatever else is there when it has closed is a leak. */
    public Path runtimeDirectory() {
        return folder.runtime();
    }

    /** Returns the file in which Python workers record what they execute. */
    Path record() {
        return folder.record();
    }

    /** Returns the seed of its randomness. */
    public long seed() {
        return spec.seed();
    }

    /** Returns everything that it tells of itself. */
    public EventRecorder events() {
        return events;
    }

    /** Returns its time. */
    public TestTime time() {
        return time;
    }

    /** Returns what makes things go wrong. */
    public FaultInjector faults() {
        return faults;
    }

    /** Returns its books. */
    public Ledger ledger() {
        return ledger;
    }

    /** Returns the Pekko TestKit that its actor system belongs to. */
    public ActorTestKit actors() {
        return actors;
    }

    /** Returns a worker, by its slot from 1. */
    public TestWorker worker(int slot) {
        return workers.computeIfAbsent(slot, number -> new TestWorker(this, number));
    }

    /** Returns a probe that gets every event from now on. */
    public TestProbe<PoolEvent> eventProbe() {
        TestProbe<PoolEvent> probe = actors.createTestProbe();
        synchronized (probes) {
            probes.add(probe);
        }
        return probe;
    }

    /** Opens a gate for good: calls of {@code held} that wait at it go on. */
    public void open(String gate) {
        gates.open(gate);
    }

    /** Expects warnings that contain a text; others are leaks. */
    public void expectWarning(String part) {
        warnings.expect(part);
    }

    /** Returns the warnings so far that were not expected, of the pools of this actor system. */
    public List<String> unexpectedWarnings() {
        return warnings.unexpected();
    }

    /** Waits until the pool serves and every wanted worker is idle or busy. Waits for events do not find what came before. */
    public TestPool ensureReady() throws InterruptedException {
        PythonPool serving = pool();
        int wanted = serving.snapshot().wanted();
        try {
            var unused = serving.whenServing().toCompletableFuture().get(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("the pool does not serve: " + serving.snapshot() + "; " + events.last(), e);
        } catch (ExecutionException e) {
            throw new AssertionError("the pool cannot serve: " + e.getCause() + "; " + events.last(), e);
        }
        long end = System.nanoTime() + Patience.LIMIT.toNanos();
        while (available() < wanted || !events.haveToldOf(serving.snapshot())) {
            // The snapshot is written before the event: one that is recorded from here on is not missed.
            events.awaitChange(end, () -> "only " + available() + " of " + wanted + " workers are ready");
        }
        events.skip();
        return this;
    }

    private int available() {
        PoolSnapshot now = pool().snapshot();
        return now.count(WorkerSnapshot.Phase.IDLE) + now.count(WorkerSnapshot.Phase.BUSY);
    }

    /**
     * Waits until something holds. Virtual time is moved on meanwhile, in steps of 100 ms, and on layer FAKE in growing ones of
     * up to a minute when nothing happens; real time passes by itself. On the other layers far timers take {@link TestTime#advance}.
     *
     * @param what what is waited for, for the message
     */
    public void passTimeUntil(String what, BooleanSupplier holds) throws InterruptedException {
        Passing.until(this, what, holds, () -> 0);
    }

    /**
     * Waits until something holds, and leaves virtual time as it is.
     *
     * @param what what is waited for, for the message
     */
    public void awaitThat(String what, BooleanSupplier holds) throws InterruptedException {
        long end = System.nanoTime() + Patience.LIMIT.toNanos();
        while (!holds.getAsBoolean()) {
            events.awaitChange(end, () -> "not yet " + what);
        }
    }

    /** Waits until a worker has recorded that it started a call of a handler that keeps the record. */
    public void awaitStarted(PendingCall<?> call) throws InterruptedException {
        long end = System.nanoTime() + Patience.LIMIT.toNanos();
        while (ledger.starts(call.id()) == 0) {
            events.awaitChange(end, () -> "call " + call.id() + " has not started");
        }
    }

    /** Waits for a call like {@link #passTimeUntil}, and returns its result or throws its error. */
    public <T> T outcome(PendingCall<T> call) throws InterruptedException {
        passTimeUntil("ended: call " + call.id(), call::isDone);
        return call.await();
    }

    /**
     * Makes {@code count} calls at the same moment, each from a thread of its own, and returns them in the order of their
     * numbers.
     *
     * @param call makes the call of a number, from 0
     */
    public <T> List<PendingCall<T>> synchronize(int count, IntFunction<PendingCall<T>> call)
            throws InterruptedException {
        return new Synchronized<>(name, Patience.LIMIT, count, call, events::last).run();
    }

    private synchronized void end() {
        if (ended) {
            return;
        }
        ended = true;
        if (layer() == Layer.PYTHON) {
            audit.lookAtSharedMemory();
        }
        others().forEach(TestPool::end);
        faults.healAll();
        PythonPool started = pool;
        if (started != null) {
            Ending.within(spec.endPatience(), name, plan, () -> started.close(spec.closePatience()));
            last = started.snapshot();
        }
        if (first) {
            actors.shutdownTestKit();
            time.runOut();
            warnings.close();
        }
    }

    /** Returns the pools made by {@link #another}, in order. */
    public List<TestPool> others() {
        synchronized (others) {
            return List.copyOf(others);
        }
    }

    /**
     * Ends the pool, and {@link #others()} with it, and returns what they have left behind: nothing, when all is well. The
     * ledger can still be read.
     *
     * @throws InterruptedException when interrupted while waiting for what is ending
     */
    public List<Leak> leaks() throws InterruptedException {
        List<Leak> leaks = new ArrayList<>();
        PythonPool running = pool;
        if (running != null && last == null) {
            Books.lookWhileItServes(running, events, spec.auditPatience(), leaks);
        }
        end();
        for (TestPool other : others()) {
            leaks.addAll(other.leaks());
        }
        leaks.addAll(audit.verify());
        if (last != null) {
            Books.lookAtTheEnd(last, leaks);
        }
        if (first) {
            unexpectedWarnings().forEach(text -> leaks.add(new Leak(Leak.Kind.WARNING, text)));
            time.problems().forEach(text -> leaks.add(new Leak(Leak.Kind.KIT, text)));
        }
        plan.problems().forEach(text -> leaks.add(new Leak(Leak.Kind.KIT, text)));
        faults.leases().stream()
                .filter(lease -> lease.landed() == 0)
                .forEach(lease -> leaks.add(new Leak(Leak.Kind.FAULT, lease.toString())));
        return leaks;
    }

    /**
     * Ends the pool, its actor system and everything else of this test's, and removes its folder. Idempotent. Faults are
     * healed first, so that what was held back is let go.
     */
    @Override
    public void close() {
        end();
        others().forEach(TestPool::close);
        folder.close();
    }
}
