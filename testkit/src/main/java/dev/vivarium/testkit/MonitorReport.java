package dev.vivarium.testkit;

import dev.vivarium.PoolSnapshot;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerId;
import dev.vivarium.testkit.internal.ReportText;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What a {@link PoolMonitor} has seen, by phase. A call counts in the phase in which it was made, an event in the one in which it
 * was told.
 *
 * @param pool the pool's name
 * @param phases oldest first; the last one as far as it has gone
 * @param overhead what the monitor itself has cost
 */
public record MonitorReport(String pool, List<Phase> phases, Overhead overhead) {

    /** Copies the list. */
    public MonitorReport {
        phases = List.copyOf(phases);
    }

    /**
     * One phase.
     *
     * @param name what the test called it
     * @param began when it began, by the pool's clock
     * @param lasted how long it lasted
     * @param calls what became of all the pool's calls meanwhile, by its snapshots
     * @param steps where the time of the watched calls went; steps that none of them took are left out
     * @param errors how often watched calls failed with what, by the simple name of the error
     * @param handlers the calls of each handler, watched or not, by {@link dev.vivarium.PoolEvent.CallEnded}; empty unless the pool
     *     publishes these
     * @param workers what the workers did
     * @param events how often there was what event, by its simple name
     * @param end the pool when the phase ended, or now
     */
    public record Phase(
            String name,
            Instant began,
            Duration lasted,
            Calls calls,
            Map<CallStep, Spread> steps,
            Map<String, Long> errors,
            Map<String, Handler> handlers,
            Workers workers,
            Map<String, Long> events,
            PoolSnapshot end) {}

    /**
     * Counts of calls.
     *
     * @param accepted calls accepted
     * @param succeeded calls that ended with a result
     * @param failed calls that ended with an error
     * @param retried attempts beyond each call's first
     * @param late answers that came after their call had ended
     * @param watched calls that the monitor made or was told to watch
     * @param open calls that had not ended when the phase did
     */
    public record Calls(long accepted, long succeeded, long failed, long retried, long late, long watched, long open) {}

    /**
     * The calls of one handler.
     *
     * @param took how long they took
     * @param failed how many of them failed
     */
    public record Handler(Spread took, long failed) {}

    /**
     * What the workers did.
     *
     * @param utilisation the share of their time, from READY to their end, in which they were BUSY; 0 when there was none
     * @param up the time of all workers together from READY to their end
     * @param busy how long each was BUSY
     * @param exchanges how long each took for the watched calls, {@link CallStep#EXCHANGE} by worker
     * @param restarts processes started to replace one that ended
     * @param ends why processes ended
     */
    public record Workers(
            double utilisation,
            Duration up,
            Map<WorkerId, Duration> busy,
            Map<WorkerId, Spread> exchanges,
            long restarts,
            Map<TransitionCause, Long> ends) {}

    /**
     * How values are spread. The percentiles are off by at most a thousandth.
     *
     * @param count how many values there are; with few, high percentiles are the largest value
     * @param deviation the standard deviation
     */
    public record Spread(
            long count,
            Duration min,
            Duration mean,
            Duration deviation,
            Duration p50,
            Duration p90,
            Duration p99,
            Duration p999,
            Duration max) {}

    /**
     * What the monitor has cost.
     *
     * @param events events that it took in
     * @param calls ends of calls that it took in
     * @param spent how long that took, by the machine's clock, on whatever thread; the time that threads waited for each other included
     * @param since for how long it has watched, by the machine's clock
     */
    public record Overhead(long events, long calls, Duration spent, Duration since) {
        /** Returns the share of one processor's time that it took, from 0 to 1. */
        public double share() {
            return since.isZero() ? 0 : (double) spent.toNanos() / since.toNanos();
        }
    }

    /**
     * Returns a phase by its name.
     *
     * @throws IllegalArgumentException when there is none of that name, naming those there are
     */
    public Phase phase(String name) {
        return phases.stream()
                .filter(phase -> phase.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no phase '" + name + "', only "
                        + phases.stream().map(Phase::name).toList()));
    }

    /** Returns the report for a human: times in ms. */
    public String text() {
        return ReportText.of(this);
    }

    /** Returns the report for a machine: one JSON object, all times in nanoseconds, in members that end in {@code Nanos}. */
    public String json() {
        return ReportText.json(this);
    }
}
