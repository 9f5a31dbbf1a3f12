package dev.vivarium.pooltests.storm;

import dev.vivarium.PoolEvent;
import dev.vivarium.PythonPool;
import dev.vivarium.Signal;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerExit;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Faults as a Poisson process. Those from outside hit a worker by its process number; the others are given to the next call
 * that is made, whose handler carries them out once, in whichever attempt it is. A fault counts as landed when its effect was
 * seen, not when it was sent. Thread-safe.
 */
final class Faults {

    private static final Duration MEAN = Duration.ofMillis(500);
    private static final Duration SHORT_MEAN = Duration.ofMillis(100);

    private static final Duration STOPPED = Duration.ofSeconds(2);
    private static final int LEFT_BY_FAULT = 86;

    /**
     * Handlers' faults that may wait for a call to carry them; more find no handler to befall, and do not land. While every
     * worker hangs they would gather, and then come all at once, which is no Poisson process any more.
     */
    private static final int MOST_CARRIED = 1;

    private final int wanted;
    private final Random random;
    private final Options options;
    private final List<FaultKind> deck = new ArrayList<>();
    private final Map<FaultKind, Integer> requested = new EnumMap<>(FaultKind.class);
    private final Map<FaultKind, Integer> landed = new EnumMap<>(FaultKind.class);
    private final Map<FaultKind, Integer> underWay = new EnumMap<>(FaultKind.class);
    private final Set<Long> killed = ConcurrentHashMap.newKeySet();
    private final Queue<Fault> carried = new ConcurrentLinkedQueue<>();
    private @Nullable PythonPool pool;
    private @Nullable Path claims;
    private @Nullable ScheduledExecutorService timer;
    private int numbers;
    private int stopped;
    private boolean over;

    /**
     * Creates the faults of a storm.
     *
     * @param wanted how often each kind is to land; when the storm is not timed, kinds that have landed so often are left out
     */
    Faults(Options options, int wanted) {
        this.options = options;
        this.wanted = wanted;
        this.random = new Random(options.seed());
        for (FaultKind kind : FaultKind.values()) {
            requested.put(kind, 0);
            landed.put(kind, 0);
        }
    }

    /** Returns the mean time between two faults. */
    static Duration mean(Options options) {
        return options.timed() ? MEAN : SHORT_MEAN;
    }

    /** Begins. */
    synchronized void begin(Stage stage) {
        pool = stage.pool();
        claims = stage.claims();
        timer = stage.timer();
        next();
    }

    private synchronized void next() {
        if (over || timer == null) {
            return;
        }
        double wait = -Math.log(1 - random.nextDouble()) * mean(options).toNanos();
        var unused = timer.schedule(this::fire, (long) wait, TimeUnit.NANOSECONDS);
    }

    private synchronized void fire() {
        if (over) {
            return;
        }
        FaultKind kind = draw();
        if (kind != null) {
            requested.merge(kind, 1, Integer::sum);
            if (!(options.plants(Sabotage.UNLANDED) && kind == FaultKind.BALLOON)) {
                befall(kind);
            }
        }
        next();
    }

    /** Kinds come in decks, so that none is left out for long. */
    private @Nullable FaultKind draw() {
        if (deck.isEmpty()) {
            for (FaultKind kind : FaultKind.values()) {
                deck.addAll(Collections.nCopies(kind.weight(), kind));
            }
            if (!options.timed()) {
                deck.removeIf(kind -> landed(kind) >= wanted || requested(kind) >= most() || underWay(kind) > 0);
            }
            Collections.shuffle(deck, random);
        }
        return deck.isEmpty() ? null : deck.remove(deck.size() - 1);
    }

    private void befall(FaultKind kind) {
        if (!kind.isFromOutside()) {
            if (carried.size() >= MOST_CARRIED) {
                deck.add(random.nextInt(deck.size() + 1), kind); // Its turn comes again.
                return;
            }
            underWay.merge(kind, 1, Integer::sum);
            carried.add(new Fault(kind, ++numbers));
            return;
        }
        List<WorkerSnapshot> living = pool.snapshot().workers().stream()
                .filter(worker -> worker.pid() != 0)
                .filter(worker -> worker.phase() == Phase.BUSY || worker.phase() == Phase.IDLE)
                .toList();
        if (living.isEmpty()) {
            return;
        }
        WorkerSnapshot victim = living.get(random.nextInt(living.size()));
        if (kind == FaultKind.SIGKILL) {
            killed.add(victim.pid());
            // Not through the pool: it is to find out by itself.
            ProcessHandle.of(victim.pid()).ifPresent(ProcessHandle::destroyForcibly);
        } else {
            stopped++;
            underWay.merge(kind, 1, Integer::sum);
            pool.signal(victim.worker(), victim.incarnation(), Signal.STOP);
            var unused = timer.schedule(() -> goOn(victim), STOPPED.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private synchronized void goOn(WorkerSnapshot victim) {
        stopped--;
        underWay.merge(FaultKind.SIGSTOP, -1, Integer::sum);
        if (state(victim.pid()) == 'T') {
            landed.merge(FaultKind.SIGSTOP, 1, Integer::sum);
        }
        pool.signal(victim.worker(), victim.incarnation(), Signal.CONT);
    }

    private static char state(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2);
        } catch (IOException gone) {
            return 'X';
        }
    }

    /** Returns a fault for the call that is about to be made, or null. */
    @Nullable
    Fault forNextCall() {
        return carried.poll();
    }

    /** Learns of how workers end. */
    synchronized void on(PoolEvent event) {
        if (event instanceof PoolEvent.WorkerExited exited) {
            WorkerExit exit = exited.exit();
            if (exit.signal() == Signal.KILL.number() && killed.remove(exit.pid())) {
                landed.merge(FaultKind.SIGKILL, 1, Integer::sum);
            } else if (exit.signal() == Signal.SEGV.number()) {
                landed.merge(FaultKind.SIGSEGV, 1, Integer::sum);
            } else if (exit.status() == LEFT_BY_FAULT) {
                landed.merge(FaultKind.EXIT, 1, Integer::sum);
            } else if (exit.cause() == TransitionCause.OUT_OF_MEMORY) {
                landed.merge(FaultKind.BALLOON, 1, Integer::sum);
            }
        }
    }

    /** The call that carried a fault has ended. */
    synchronized void ended(Fault fault, boolean timedOut) {
        underWay.merge(fault.kind(), -1, Integer::sum);
        boolean effect = switch (fault.kind()) {
            case HANG_PYTHON, HANG_C -> timedOut && claimed(fault.name());
            case STDOUT, BALLOON -> claimed(fault.name() + ".done");
            default -> false; // Their workers' ends tell.
        };
        if (!over && !claimed(fault.name())) {
            underWay.merge(fault.kind(), 1, Integer::sum);
            carried.add(fault); // The call was refused, or gave up in the queue: the next one carries it.
        }
        if (effect) {
            landed.merge(fault.kind(), 1, Integer::sum);
        }
    }

    private boolean claimed(String name) {
        return Files.exists(claims.resolve(name));
    }

    /** Makes no more faults. */
    synchronized void end() {
        over = true;
        carried.clear();
    }

    /** Returns whether every stopped worker has been told to go on. */
    synchronized boolean isOver() {
        return over && stopped == 0;
    }

    synchronized int landed(FaultKind kind) {
        return landed.getOrDefault(kind, 0);
    }

    private int underWay(FaultKind kind) {
        return underWay.getOrDefault(kind, 0);
    }

    /** Returns how often a kind is tried when the storm is not timed. */
    private int most() {
        return 20 + 10 * wanted;
    }

    private int requested(FaultKind kind) {
        return requested.getOrDefault(kind, 0);
    }

    /** Returns whether every kind has landed often enough, or has been tried too often for that to come. */
    synchronized boolean isEnough() {
        for (FaultKind kind : FaultKind.values()) {
            if (landed(kind) < wanted && requested(kind) < most()) {
                return false;
            }
        }
        return true;
    }

    /** Returns how often each kind was requested and landed. */
    synchronized Map<String, String> table() {
        Map<String, String> table = new LinkedHashMap<>();
        for (FaultKind kind : FaultKind.values()) {
            table.put(
                    kind.toString(),
                    String.format(Locale.ROOT, "%4d requested %4d landed", requested(kind), landed(kind)));
        }
        return table;
    }

    synchronized Check check() {
        FaultKind fewest =
                Collections.min(landed.entrySet(), Map.Entry.comparingByValue()).getKey();
        return new Check(
                "faults landed",
                landed(fewest) >= wanted,
                "each kind >= " + wanted,
                "fewest: " + fewest + ", " + landed(fewest));
    }
}
