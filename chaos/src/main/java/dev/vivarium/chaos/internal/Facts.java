package dev.vivarium.chaos.internal;

import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.Schedule;
import dev.vivarium.testkit.Leak;
import dev.vivarium.testkit.Ledger;
import dev.vivarium.testkit.SessionHistory;
import java.util.List;
import java.util.Set;

/**
 * Everything that is known of a run when it is judged. Times are nanoseconds of the run.
 *
 * @param calls every call that was due
 * @param ledger callers' books beside what Python says it executed
 * @param sessions what is wrong with the sessions' history
 * @param struck each fault in each target
 * @param leaks what the pool left behind
 * @param pool what was seen of the pool
 * @param times when the run's parts began and ended
 * @param machine what else went on
 * @param limits what the pool was configured to keep
 * @param troubles in what the runner itself failed
 */
public record Facts(
        Scenario scenario,
        Schedule schedule,
        List<Call> calls,
        Ledger.Report ledger,
        List<SessionHistory.Finding> sessions,
        List<Struck> struck,
        List<Leak> leaks,
        PoolFacts pool,
        Times times,
        Machine machine,
        Limits limits,
        List<String> troubles) {

    /**
     * What was seen of the pool.
     *
     * @param reached the names of what happened at least once
     * @param restarts when processes were started in place of others
     * @param exits how many ended before the pool was closed
     * @param mostMemory of a worker, in bytes; -1 when none was measured
     * @param leaseTrouble the first thing that was wrong with the leases; empty when nothing was
     */
    public record PoolFacts(
            Set<String> reached,
            List<Long> restarts,
            int exits,
            List<Watch.Outage> outages,
            List<Watch.Mark> marks,
            int mostWaiting,
            long mostMemory,
            long snapshots,
            long leaseViolations,
            String leaseTrouble) {}

    /**
     * When parts of the run began and ended.
     *
     * @param load the beginning of the load
     * @param method the beginning of the method
     * @param healed the moment at which all was healed
     * @param last from when on calls count as after it all
     * @param end the end of the load
     * @param recovered when all workers were there and all calls had ended; -1 for never
     */
    public record Times(long load, long method, long healed, long last, long end, long recovered) {}

    /**
     * What else went on.
     *
     * @param processors how many the JVM may use
     * @param load the machine's, of the last minute, the higher of before and after
     * @param pauses how often the runner itself did not run
     * @param longestPause the longest of these, in nanoseconds
     */
    public record Machine(int processors, double load, long pauses, long longestPause) {

        /** The longest pause that says nothing. */
        public static final long MOST_PAUSE = 250_000_000;

        /** The highest load for each processor at which times still say something. */
        public static final double MOST_LOAD = 2;

        /** How much longer everything may take, at the least, on a machine that is busy with other things. */
        public static final double LEAST_LENIENCE = 5;

        /** Returns how much longer everything may take: as many times as there are programs for each processor, if that is more. */
        public double lenience() {
            return Math.max(LEAST_LENIENCE, load / processors);
        }

        /** Returns whether times that are too long may be the machine's. */
        public boolean isDisturbed() {
            return longestPause > MOST_PAUSE || load > MOST_LOAD * processors;
        }
    }

    /**
     * What the pool was configured to keep.
     *
     * @param queue calls that may wait
     * @param budget retries that each call pays for
     * @param burst retries beyond that
     */
    public record Limits(int queue, double budget, int burst) {}

    /** Returns the first landing of a fault; the beginning of the method when none has. */
    public long firstLanded() {
        return struck.stream()
                .mapToLong(Struck::landed)
                .filter(at -> at > 0)
                .min()
                .orElse(times.method());
    }

    /** Returns the calls that were due in a phase; all when it is empty. */
    public List<Call> in(String phase) {
        return calls.stream()
                .filter(call -> switch (phase) {
                    case "before" -> Before.isBefore(call, times.method(), scenario.steady());
                    case "during" -> call.due() >= firstLanded() && call.due() < times.healed();
                    case "after" -> call.due() >= times.last();
                    default -> true;
                })
                .toList();
    }
}
