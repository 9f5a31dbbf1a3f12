package dev.vivarium.testkit.internal;

import dev.vivarium.PoolEvent;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerState;
import dev.vivarium.testkit.CallStep;
import dev.vivarium.testkit.MonitorReport.Phase;
import dev.vivarium.testkit.MonitorReport.Spread;
import dev.vivarium.testkit.PerformanceAnalysis;
import dev.vivarium.testkit.PerformanceAnalysis.Finding;
import dev.vivarium.testkit.PerformanceAnalysis.Limit;
import dev.vivarium.testkit.PerformanceAnalysis.Part;
import dev.vivarium.testkit.PerformanceAnalysis.Where;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds what limits a pool, in what a monitor has seen. */
public final class Bottlenecks {

    /** A stretch that takes this share of the calls' time stands out. */
    private static final double MUCH = 0.25;

    /** Attempts that came to nothing stand out sooner: a healthy pool has none. */
    private static final double SOME = 0.1;

    /** Where handlers take this share there is little else to gain. */
    private static final double MOST = 0.5;

    /** With this load the queue grows whenever calls come a little faster. */
    private static final double FULL = 0.8;

    /** Workers that were up for less than this share of the time were away. */
    private static final double UP = 0.9;

    /** A worker is slow that takes so many times as long as the others, */
    private static final double TIMES_SLOWER = 2;

    /** and at least so much longer: less is chance, */
    private static final long LEAST_SLOWER_NANOS = 1_000_000;

    /** each in so many answers. */
    private static final int LEAST_ANSWERS = 10;

    private final Phase phase;
    private final List<PoolEvent> events;
    private final double allNanos;
    private final List<Part> parts = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();
    private final double busyNanos;
    private final double wantedNanos;
    private final double available;

    private Bottlenecks(Phase phase, List<PoolEvent> events) {
        this.phase = phase;
        this.events = events;
        allNanos = sum(CallStep.TOTAL);
        busyNanos = phase.workers().busy().values().stream()
                .mapToLong(Duration::toNanos)
                .sum();
        wantedNanos = (double) phase.lasted().toNanos() * phase.end().wanted();
        available = wantedNanos == 0 ? 1 : Math.min(1, phase.workers().up().toNanos() / wantedNanos);
    }

    /** Analyses a phase. */
    public static PerformanceAnalysis of(Phase phase, List<PoolEvent> events) {
        return new Bottlenecks(phase, events).analysis();
    }

    private PerformanceAnalysis analysis() {
        split();
        if (allNanos > 0) {
            @Nullable WorkerId slow = slowWorker();
            away();
            waits(slow);
            rest();
        }
        findings.sort(Comparator.comparing((Finding found) -> found.limit() == Limit.HANDLERS)
                .thenComparing(Comparator.comparingDouble(Finding::share).reversed()));
        Spread total = phase.steps().get(CallStep.TOTAL);
        return new PerformanceAnalysis(
                phase.name(),
                total == null ? 0 : total.count(),
                parts,
                total == null ? Duration.ZERO : total.mean(),
                phase.workers().utilisation(),
                available,
                findings);
    }

    private double sum(CallStep step) {
        Spread spread = phase.steps().get(step);
        return spread == null ? 0 : (double) spread.mean().toNanos() * spread.count();
    }

    private long count(CallStep step) {
        Spread spread = phase.steps().get(step);
        return spread == null ? 0 : spread.count();
    }

    private void split() {
        // Of workers that keep no note of the start, only the exchange is known.
        boolean noted = count(CallStep.RUN) >= count(CallStep.EXCHANGE);
        double python =
                noted ? sum(CallStep.RUN) : Math.max(sum(CallStep.RUN), sum(CallStep.EXCHANGE) - sum(CallStep.START));
        double queue = sum(CallStep.QUEUE);
        double handOver = sum(CallStep.SEND) + sum(CallStep.START);
        double reply = sum(CallStep.DELIVER);
        part(Where.QUEUE, queue, CallStep.QUEUE);
        part(Where.HAND_OVER, handOver, sum(CallStep.SEND) > sum(CallStep.START) ? CallStep.SEND : CallStep.START);
        part(Where.PYTHON, python, noted ? CallStep.RUN : CallStep.EXCHANGE);
        part(Where.REPLY, reply, CallStep.DELIVER);
        part(Where.LOST, Math.max(0, allNanos - queue - handOver - python - reply), null);
    }

    private void part(Where where, double nanos, @Nullable CallStep step) {
        long calls = Math.max(1, count(CallStep.TOTAL));
        Spread spread = step == null ? null : phase.steps().get(step);
        parts.add(new Part(
                where,
                Duration.ofNanos(Math.round(nanos / calls)),
                allNanos == 0 ? 0 : Math.min(1, nanos / allNanos),
                spread == null ? Duration.ZERO : spread.p50(),
                spread == null ? Duration.ZERO : spread.p99()));
    }

    private double share(Where where) {
        return parts.get(where.ordinal()).share();
    }

    private String mean(Where where) {
        return ms((double) parts.get(where.ordinal()).mean().toNanos());
    }

    private void found(Limit limit, double share, String format, Object... values) {
        findings.add(new Finding(limit, share, String.format(Locale.ROOT, format, values)));
    }

    private static String ms(double nanos) {
        return String.format(Locale.ROOT, "%.3f ms", nanos / 1e6);
    }

    private @Nullable WorkerId slowWorker() {
        Map<WorkerId, Spread> known = new TreeMap<>();
        phase.workers().exchanges().forEach((worker, spread) -> {
            if (spread.count() >= LEAST_ANSWERS) {
                known.put(worker, spread);
            }
        });
        Map.Entry<WorkerId, Spread> slowest = null;
        for (Map.Entry<WorkerId, Spread> entry : known.entrySet()) {
            double usual = medianOfOthers(known, entry.getKey());
            double own = entry.getValue().p50().toNanos();
            boolean slower = own >= TIMES_SLOWER * usual && own - usual >= LEAST_SLOWER_NANOS;
            if (slower && (slowest == null || own > slowest.getValue().p50().toNanos())) {
                slowest = entry;
            }
        }
        if (slowest == null) {
            return null;
        }
        Spread own = slowest.getValue();
        double usual = medianOfOthers(known, slowest.getKey());
        found(
                Limit.SLOW_WORKER,
                Math.min(1, (own.mean().toNanos() - usual) * own.count() / allNanos),
                "%s took %s for half of its %d calls, the other workers %s; compare what it runs, and on which processor",
                slowest.getKey(),
                ms((double) own.p50().toNanos()),
                own.count(),
                ms(usual));
        return slowest.getKey();
    }

    /** Returns the median of what the other workers take; without others what none can be slower than. */
    private static double medianOfOthers(Map<WorkerId, Spread> known, WorkerId but) {
        double[] others = known.entrySet().stream()
                .filter(entry -> !entry.getKey().equals(but))
                .mapToDouble(entry -> entry.getValue().p50().toNanos())
                .sorted()
                .toArray();
        return others.length == 0
                ? Double.MAX_VALUE
                : (others[(others.length - 1) / 2] + others[others.length / 2]) / 2;
    }

    private void away() {
        long ends = phase.workers().ends().values().stream()
                .mapToLong(Long::longValue)
                .sum();
        if (available >= UP || ends == 0) {
            return;
        }
        Map<WorkerId, Long> gone = timesAway();
        String longest = gone.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(entry -> "; the longest " + entry.getKey() + ", " + ms(entry.getValue()))
                .orElse("");
        found(
                Limit.RESTARTS,
                1 - available,
                "workers were away for %.0f %% of the time, after %d ends (%s)%s; find out why they end, or have spares",
                100 * (1 - available),
                ends,
                counts(phase.workers().ends()),
                longest);
    }

    /** Returns for how long workers were not up in the phase, by their transitions. */
    private Map<WorkerId, Long> timesAway() {
        Instant end = phase.began().plus(phase.lasted());
        Map<WorkerId, Instant> left = new TreeMap<>();
        Map<WorkerId, Long> away = new TreeMap<>();
        for (PoolEvent event : events) {
            if (!(event instanceof PoolEvent.WorkerTransitioned moved)
                    || moved.at().isAfter(end)) {
                continue;
            }
            Instant at = moved.at().isBefore(phase.began()) ? phase.began() : moved.at();
            if (moved.to() == WorkerState.TERMINATED) {
                left.putIfAbsent(moved.worker(), at);
            } else if (moved.to() == WorkerState.READY) {
                Instant since = left.remove(moved.worker());
                if (since != null) {
                    away.merge(moved.worker(), Duration.between(since, at).toNanos(), Long::sum);
                }
            }
        }
        left.forEach((worker, since) ->
                away.merge(worker, Duration.between(since, end).toNanos(), Long::sum));
        return away;
    }

    private void waits(@Nullable WorkerId slow) {
        double queue = share(Where.QUEUE);
        if (queue < MUCH) {
            return;
        }
        double load = wantedNanos == 0 ? 0 : busyNanos / wantedNanos;
        if (load >= FULL) {
            found(
                    Limit.QUEUEING,
                    queue,
                    "calls waited for %.0f %% of their time while %d workers were busy for %.0f %% of theirs; more workers, or less load",
                    100 * queue,
                    phase.end().wanted(),
                    100 * load);
            return;
        }
        if (findings.stream().anyMatch(found -> found.limit() == Limit.RESTARTS)) {
            return; // That is why they waited.
        }
        WorkerId busiest = overloaded();
        if (busiest == null) {
            found(
                    Limit.BURSTS,
                    queue,
                    "calls waited for %.0f %% of their time though the workers were busy for only %.0f %% of theirs: they come "
                            + "together; more workers, or calls spread in time",
                    100 * queue,
                    100 * load);
        } else if (!busiest.equals(slow)) {
            found(
                    Limit.UNEVEN_LOAD,
                    queue,
                    "calls waited for %.0f %% of their time for %s, which was busy for %.0f %% of its own, all workers together for "
                            + "%.0f %%: are they of a few sessions, or bound to a worker?",
                    100 * queue,
                    busiest,
                    100 * busyShare(busiest),
                    100 * load);
        }
    }

    private double busyShare(WorkerId worker) {
        Duration busy = phase.workers().busy().getOrDefault(worker, Duration.ZERO);
        return (double) busy.toNanos() / phase.lasted().toNanos();
    }

    /** Returns the worker that was full while the others together were not half as busy; null when there is none. */
    private @Nullable WorkerId overloaded() {
        int others = phase.end().wanted() - 1;
        WorkerId busiest = phase.workers().busy().entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(null);
        if (busiest == null || others < 1 || phase.lasted().isZero()) {
            return null;
        }
        double own = busyShare(busiest);
        double rest = (busyNanos / phase.lasted().toNanos() - own) / others;
        return own >= FULL && rest < own / 2 ? busiest : null;
    }

    private void rest() {
        if (share(Where.LOST) >= SOME
                && (phase.calls().retried() > 0 || !phase.errors().isEmpty())) {
            found(
                    Limit.LOST_ATTEMPTS,
                    share(Where.LOST),
                    "%.0f %% of the calls' time went into attempts without an answer and the waits for the next: %d were sent again, "
                            + "errors %s; see the failures first",
                    100 * share(Where.LOST),
                    phase.calls().retried(),
                    phase.errors().isEmpty() ? "none" : counts(phase.errors()));
        }
        if (share(Where.HAND_OVER) >= MUCH) {
            found(
                    Limit.HAND_OVER,
                    share(Where.HAND_OVER),
                    "the way to the worker took %.0f %% of the calls' time, %s on average; large arguments, or a machine without a "
                            + "free processor",
                    100 * share(Where.HAND_OVER),
                    mean(Where.HAND_OVER));
        }
        if (share(Where.REPLY) >= MUCH) {
            found(
                    Limit.REPLIES,
                    share(Where.REPLY),
                    "answers took %.0f %% of the calls' time to reach their callers, %s on average; large results, or callbacks that "
                            + "keep their executor busy",
                    100 * share(Where.REPLY),
                    mean(Where.REPLY));
        }
        if (share(Where.PYTHON) >= MOST) {
            found(
                    Limit.HANDLERS,
                    share(Where.PYTHON),
                    "handlers took %.0f %% of the calls' time, %s on average; the pool adds little",
                    100 * share(Where.PYTHON),
                    mean(Where.PYTHON));
        }
    }

    private static String counts(Map<?, Long> counts) {
        return counts.entrySet().stream()
                .map(entry -> entry.getKey() + " " + entry.getValue())
                .collect(Collectors.joining(", "));
    }
}
