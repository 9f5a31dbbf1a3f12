package dev.vivarium.testkit;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.vivarium.PendingCall;
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
import dev.vivarium.testkit.internal.ExecutionLog;
import dev.vivarium.testkit.internal.FakeHost;
import dev.vivarium.testkit.internal.FaultPlan;
import dev.vivarium.testkit.internal.FaultProxy;
import dev.vivarium.testkit.internal.Gates;
import dev.vivarium.testkit.internal.KitFolder;
import dev.vivarium.testkit.internal.LedgerPool;
import dev.vivarium.testkit.internal.ScriptedGuardian;
import dev.vivarium.testkit.internal.ScriptedProcess;
import dev.vivarium.testkit.internal.SeededEntropy;
import dev.vivarium.testkit.internal.WarningRecorder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.jspecify.annotations.Nullable;

/**
 * A pool of its own for one test: its own actor system, folder, name, time and faults. Thread-safe.
 *
 * <p>{@link #leaks()} ends it and says what is left, {@link #close()} removes the rest. {@code VivariumExtension} of the
 * JUnit 5 module does both after every test.
 */
public final class TestPool implements AutoCloseable {

    private static final Duration STEP = Duration.ofMillis(100);
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final TestPoolSpec spec;
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
    private final PythonPool real;
    private final LedgerPool pool;
    private boolean ended;
    private @Nullable PoolSnapshot last;

    /** Starts a pool. */
    public static TestPool start(TestPoolSpec spec) {
        return new TestPool(spec);
    }

    private TestPool(TestPoolSpec spec) {
        this.spec = spec;
        String name = "test" + ProcessHandle.current().pid() + "-" + NUMBERS.incrementAndGet();
        folder = KitFolder.create();
        audit = new LeakAudit(name, name, folder.runtime(), spec.auditPatience());
        warnings = new WarningRecorder(name);
        time = new TestTime(spec.virtualTime());
        Config system = ConfigFactory.parseString("""
                pekko.actor.testkit.typed.single-expect-default = 20 s
                pekko.loggers = ["org.apache.pekko.event.slf4j.Slf4jLogger"]
                pekko.stdout-loglevel = OFF
                pekko.log-dead-letters = off
                pekko.jvm-exit-on-fatal-error = off
                # A test waits for the threads to end.
                pekko.actor.default-dispatcher.shutdown-timeout = 10 ms
                pekko.actor.internal-dispatcher.shutdown-timeout = 10 ms
                pekko.actor.default-blocking-io-dispatcher.shutdown-timeout = 10 ms
                vivarium.dispatcher.shutdown-timeout = 10 ms
                """).withFallback(ConfigFactory.load());
        actors = ActorTestKit.create(
                name, spec.virtualTime() ? ManualTime.config().withFallback(system) : system);
        time.connect(actors.system());
        ExecutionLog log = new ExecutionLog(folder.record());
        ledger = new Ledger(log);
        gates = new Gates(folder.gates());
        ScriptedProcess.Shared shared = new ScriptedProcess.Shared(spec.script(), gates, log, plan, this::later);
        faults = new FaultInjector(spec.layer(), plan, this::later);
        ProcessLauncher launcher =
                spec.layer() == Layer.PYTHON ? ProcessLauncher.system() : ScriptedGuardian.launcher(shared);
        Entropy entropy = new SeededEntropy(spec.seed(), name);
        Machine machine = new Machine(time.clock(), entropy, new FaultProxy(launcher, folder.sockets(), plan));
        WorkerHost.Starter host = spec.layer() == Layer.FAKE ? FakeHost.starter(shared) : null;
        try {
            real = Pools.startOn(machine, host, config(name), actors.system());
        } catch (RuntimeException e) {
            actors.shutdownTestKit();
            warnings.close();
            folder.close();
            throw e;
        }
        pool = new LedgerPool(real, ledger::called);
    }

    private PoolConfig config(String name) {
        PoolConfigBuilder builder = spec.config();
        List<String> handlers = new ArrayList<>(spec.handlers());
        handlers.add("vivarium_testkit");
        PoolConfig config = builder.name(name)
                .handlers(handlers)
                .runtimeDirectory(folder.runtime())
                .environment(LeakAudit.MARK, name)
                .environment(ExecutionLog.VARIABLE, folder.record().toString())
                .environment(Gates.VARIABLE, folder.gates().toString())
                .eventListener(this::publish)
                .build();
        // So that handlers of the test's own can import the kit's module.
        List<Path> path = new ArrayList<>(config.interpreter().pythonPath());
        path.add(folder.python());
        return config.toBuilder().pythonPath(path).build();
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

    /** Returns the pool. Its calls are in the ledger. */
    public PythonPool pool() {
        return pool;
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
        return new TestWorker(this, slot);
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

    /** Waits until the pool serves and every wanted worker is idle or busy. */
    public TestPool ensureReady() throws InterruptedException {
        int wanted = spec.workers();
        try {
            var unused = pool.whenServing().toCompletableFuture().get(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("the pool does not serve: " + pool.snapshot() + "; " + events.last(), e);
        } catch (ExecutionException e) {
            throw new AssertionError("the pool cannot serve: " + e.getCause(), e);
        }
        long end = System.nanoTime() + Patience.LIMIT.toNanos();
        while (available() < wanted) {
            // The snapshot is written before the event: one that is recorded from here on is not missed.
            events.awaitChange(end, () -> "only " + available() + " of " + wanted + " workers are ready");
        }
        return this;
    }

    private int available() {
        PoolSnapshot now = pool.snapshot();
        return now.count(WorkerSnapshot.Phase.IDLE) + now.count(WorkerSnapshot.Phase.BUSY);
    }

    /**
     * Waits until something holds. Virtual time is moved on meanwhile, in steps of 100 ms; real time passes by itself.
     *
     * @param what what is waited for, for the message
     */
    public void passTimeUntil(String what, BooleanSupplier holds) throws InterruptedException {
        long end = System.nanoTime() + Patience.LIMIT.toNanos();
        while (!holds.getAsBoolean()) {
            if (time.isVirtual()) {
                time.advance(STEP);
            }
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
        return new Synchronized<>(count, call).run();
    }

    private synchronized void end() {
        if (ended) {
            return;
        }
        ended = true;
        faults.healAll();
        real.close(spec.closePatience());
        last = real.snapshot();
        actors.shutdownTestKit();
        time.runOut();
        warnings.close();
    }

    /**
     * Ends the pool and returns what it has left behind: nothing, when all is well. The ledger can still be read.
     *
     * @throws InterruptedException when interrupted while waiting for what is ending
     */
    public List<Leak> leaks() throws InterruptedException {
        end();
        List<Leak> leaks = new ArrayList<>(audit.verify());
        PoolSnapshot books = last;
        if (books != null) {
            books(books, leaks);
        }
        warnings.unexpected().forEach(text -> leaks.add(new Leak(Leak.Kind.WARNING, text)));
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
        folder.close();
    }

    static void books(PoolSnapshot books, List<Leak> leaks) {
        long open = books.accepted() - books.succeeded() - books.failed();
        if (open != 0) {
            leaks.add(new Leak(Leak.Kind.LEASE, open + " calls count as open in " + books));
        }
        if (books.waiting() != 0) {
            leaks.add(new Leak(Leak.Kind.LEASE, books.waiting() + " calls count as waiting in " + books));
        }
        books.workers()
                .forEach(worker -> leaks.add(new Leak(Leak.Kind.LEASE, worker.worker() + " is " + worker.phase())));
    }
}
