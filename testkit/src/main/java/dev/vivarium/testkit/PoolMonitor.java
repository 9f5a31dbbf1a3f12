package dev.vivarium.testkit;

import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.port.Clock;
import dev.vivarium.testkit.internal.PhaseBook;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Watches a running pool: counts, percentiles of where the time of calls goes, how busy the workers are, events by kind; by
 * phases that the test names. It reads what every user of a pool can read: events, timelines and snapshots. Thread-safe.
 *
 * <pre>{@code
 * PoolMonitor monitor = PoolMonitor.of(kit);
 * monitor.phase("quiet");
 * monitor.call(PythonCall.to("echo").args("x")).await();
 * monitor.phase("after a kill");
 * ...
 * System.out.println(monitor.report().text());
 * }</pre>
 *
 * <p>Percentiles are of the calls that it makes, or is told to {@link #watch}. Those of all calls of each handler come with {@link
 * dev.vivarium.PoolConfigBuilder#callEvents}. What it costs is in each report: {@link MonitorReport.Overhead}.
 */
public final class PoolMonitor {

    /** The phase that a monitor is in before the test names one. Left out of a report when nothing happened in it. */
    public static final String UNNAMED = "unnamed";

    /** In which state a worker is, and since when. */
    private record Standing(WorkerState state, Instant since) {}

    private final PythonPool pool;
    private final Supplier<Instant> clock;
    private final @Nullable EventRecorder recorder;
    private final long since = System.nanoTime();
    private final AtomicLong spentNanos = new AtomicLong();
    private final Map<PendingCall<?>, PhaseBook> open = new ConcurrentHashMap<>();
    private final List<PhaseBook> phases = new ArrayList<>();
    private final Map<WorkerId, Standing> workers = new TreeMap<>();
    private int read;
    private long events;
    private long calls;

    private PoolMonitor(PythonPool pool, Supplier<Instant> clock, @Nullable EventRecorder recorder) {
        this.pool = pool;
        this.clock = clock;
        this.recorder = recorder;
        Instant now = clock.get();
        phases.add(new PhaseBook(UNNAMED, now, pool.snapshot()));
    }

    /**
     * Watches a test's pool, from now on. Its events are read from {@link TestPool#events()} when they are asked for, so none is
     * missed, and the pool does nothing more because of it.
     */
    public static PoolMonitor of(TestPool kit) {
        Clock clock = kit.time().clock();
        PoolMonitor monitor = new PoolMonitor(kit.pool(), clock::now, kit.events());
        synchronized (monitor) {
            for (PoolEvent before : kit.events().all()) {
                monitor.move(before, false);
                monitor.read++;
            }
        }
        return monitor;
    }

    /**
     * Starts a pool that is no test's, and watches it.
     *
     * <pre>{@code
     * PoolMonitor monitor = PoolMonitor.starting(listener -> PythonPool.start(settings.eventListener(listener).build()));
     * }</pre>
     *
     * @param start starts the pool with the listener that it is given
     */
    public static PoolMonitor starting(Function<Consumer<PoolEvent>, PythonPool> start) {
        List<PoolEvent> early = new ArrayList<>();
        AtomicReference<@Nullable PoolMonitor> made = new AtomicReference<>();
        PythonPool pool = start.apply(event -> {
            PoolMonitor monitor;
            synchronized (early) {
                monitor = made.get();
                if (monitor == null) {
                    early.add(event);
                    return;
                }
            }
            monitor.accept(event);
        });
        PoolMonitor monitor = new PoolMonitor(pool, Clock.system()::now, null);
        synchronized (early) {
            early.forEach(monitor::accept);
            made.set(monitor);
        }
        return monitor;
    }

    /** Returns the pool that is watched. */
    public PythonPool pool() {
        return pool;
    }

    /** Makes a call, timed, and watches it. */
    public <T> PendingCall<T> call(PythonCall<T> call) {
        return watch(pool.call(call.timed()));
    }

    /**
     * Watches a call that was made otherwise, such as one of a session; it counts in the present phase. One that is not {@link
     * PythonCall#timed()} counts, with its error, and has no percentiles.
     *
     * @return the call
     */
    public <T> PendingCall<T> watch(PendingCall<T> call) {
        long begun = System.nanoTime();
        synchronized (this) {
            PhaseBook now = current();
            now.watched();
            open.put(call, now);
        }
        spend(begun);
        var unused = call.whenComplete((value, error) -> ended(call));
        return call;
    }

    private void ended(PendingCall<?> call) {
        long begun = System.nanoTime();
        enter(call);
        spend(begun);
    }

    private synchronized void enter(PendingCall<?> call) {
        PhaseBook book = open.remove(call);
        if (book != null) {
            calls++;
            book.ended(call.timeline().orElse(null), Ledger.errorOf(call));
        }
    }

    private void spend(long begun) {
        spentNanos.addAndGet(System.nanoTime() - begun);
    }

    private void accept(PoolEvent event) {
        long begun = System.nanoTime();
        synchronized (this) {
            move(event, true);
        }
        spend(begun);
    }

    private PhaseBook current() {
        return phases.get(phases.size() - 1);
    }

    /** Takes an event in; one from before the monitor only says where workers stand. */
    private void move(PoolEvent event, boolean counts) {
        if (event instanceof PoolEvent.WorkerTransitioned transition) {
            Standing before = workers.get(transition.worker());
            if (before != null && counts) {
                add(transition.worker(), before, event.at());
            }
            workers.put(transition.worker(), new Standing(transition.to(), event.at()));
        }
        if (!counts) {
            return;
        }
        events++;
        current().event(event);
        if (event instanceof PoolEvent.CallEnded ended) {
            madeAt(ended.at().minus(ended.took())).callEnded(ended);
        }
    }

    private PhaseBook madeAt(Instant made) {
        for (int i = phases.size() - 1; i > 0; i--) {
            if (!phases.get(i).began().isAfter(made)) {
                return phases.get(i);
            }
        }
        return phases.get(0);
    }

    /** Adds the time that a worker has been in its state, as far as it lies in the present phase. */
    private void add(WorkerId worker, Standing standing, Instant until) {
        Instant from = standing.since().isBefore(current().began()) ? current().began() : standing.since();
        boolean up = standing.state() != WorkerState.INITIALIZING && standing.state() != WorkerState.TERMINATED;
        if (up && until.isAfter(from)) {
            long nanos = Duration.between(from, until).toNanos();
            current().up(worker, standing.state() == WorkerState.BUSY, nanos);
        }
    }

    /** Brings everything up to now, and returns when that is. */
    private synchronized Instant catchUp() {
        if (recorder != null) {
            List<PoolEvent> all = recorder.all();
            for (PoolEvent event : all.subList(read, all.size())) {
                move(event, true);
            }
            read = all.size();
        }
        // Their callbacks may still be on their way.
        open.keySet().stream().filter(PendingCall::isDone).toList().forEach(this::enter);
        Instant now = clock.get();
        workers.replaceAll((worker, standing) -> {
            add(worker, standing, now);
            return standing.since().isAfter(now) ? standing : new Standing(standing.state(), now);
        });
        return now;
    }

    /**
     * Ends the present phase and begins another. Calls that were made in it go on to count in it.
     *
     * @param name names it in the report; phases of one name are apart
     */
    public synchronized void phase(String name) {
        long begun = System.nanoTime();
        Instant now = catchUp();
        PoolSnapshot snapshot = pool.snapshot();
        if (phases.size() == 1 && current().isEmpty()) {
            phases.clear();
        } else {
            current().end(now, snapshot);
        }
        phases.add(new PhaseBook(name, now, snapshot));
        spend(begun);
    }

    /** Returns the present phase as far as it has gone. */
    public synchronized MonitorReport.Phase now() {
        long begun = System.nanoTime();
        MonitorReport.Phase phase = current().read(catchUp(), pool.snapshot());
        spend(begun);
        return phase;
    }

    /** Returns everything so far. The monitor goes on. */
    public synchronized MonitorReport report() {
        long begun = System.nanoTime();
        Instant now = catchUp();
        PoolSnapshot snapshot = pool.snapshot();
        List<MonitorReport.Phase> all =
                phases.stream().map(phase -> phase.read(now, snapshot)).toList();
        spend(begun);
        return new MonitorReport(
                pool.name(),
                all,
                new MonitorReport.Overhead(
                        events,
                        calls,
                        Duration.ofNanos(spentNanos.get()),
                        Duration.ofNanos(System.nanoTime() - since)));
    }
}
