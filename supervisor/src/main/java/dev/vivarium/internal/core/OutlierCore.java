package dev.vivarium.internal.core;

import dev.vivarium.OutlierPolicy;
import dev.vivarium.internal.core.SlotEvent.Verdict;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides which worker fails where the others do not. Keeps, for each slot and handler, the answers within a window.
 * Deterministic, without a clock of its own. Not thread-safe.
 *
 * <p>Workers are compared handler by handler, so that it is not held against a worker which calls it was given. The peers'
 * rate of a handler is the median of theirs: as long as fewer than half of them are broken, the broken ones cannot hide each
 * other.
 *
 * <p>A worker of which every call failed, while its peers are too busy to have answered such calls, cannot be compared. It is
 * kept from calls all the same, because it could empty the queue before they answer; it comes back at once when they turn out
 * to fail alike.
 */
public final class OutlierCore {

    /** Answers of its peers below which a handler of a worker cannot be compared. */
    static final int PEER_ANSWERS = 5;

    private static final int BUCKETS = 6;
    private static final int LONGEST_EJECTION = 10;
    /** After so many windows without, a slot's ejections are forgotten. */
    private static final int FORGET_WINDOWS = 10;

    /**
     * Why a worker was ejected.
     *
     * @param calls answers of the worker that were looked at
     * @param failures those in which the handler had raised
     * @param expected how many its peers would have failed, or NaN where they have not answered enough
     * @param ejectFor how long it gets no call
     */
    public record Ejection(long calls, long failures, double expected, Duration ejectFor) {}

    private record Past(int ejections, long lastAt) {}

    /** The answers to one handler's calls in one slot. */
    private static final class Tally {
        private final long[] periods = new long[BUCKETS];
        private final int[] calls = new int[BUCKETS];
        private final int[] failures = new int[BUCKETS];

        void add(boolean failed, long period) {
            int bucket = Math.floorMod(period, BUCKETS);
            if (periods[bucket] != period) {
                periods[bucket] = period;
                calls[bucket] = 0;
                failures[bucket] = 0;
            }
            calls[bucket]++;
            failures[bucket] += failed ? 1 : 0;
        }

        long calls(long period) {
            return sum(calls, period);
        }

        long failures(long period) {
            return sum(failures, period);
        }

        private long sum(int[] counts, long period) {
            long sum = 0;
            for (int i = 0; i < BUCKETS; i++) {
                sum += period - periods[i] < BUCKETS ? counts[i] : 0;
            }
            return sum;
        }
    }

    /** What its peers make of a handler: how many answers they gave, and the median of their rates of failure. */
    private record Peers(long answers, double rate, boolean anyFailed) {
        boolean known() {
            return answers >= PEER_ANSWERS;
        }
    }

    private final OutlierPolicy policy;
    private final Map<Integer, Map<String, Tally>> slots = new HashMap<>();
    private final Set<Integer> ejected = new HashSet<>();
    private final Map<Integer, Past> past = new HashMap<>();
    private @Nullable Ejection last;

    /** Creates the core. */
    public OutlierCore(OutlierPolicy policy) {
        this.policy = policy;
    }

    /**
     * A worker answered a call.
     *
     * @param failed whether the handler raised
     * @param workers how many workers the pool has
     * @param serving whether another worker is idle or busy: the last one is never ejected
     */
    public Verdict answered(int slot, String handler, boolean failed, int workers, boolean serving, long now) {
        long period = period(now);
        slots.computeIfAbsent(slot, s -> new HashMap<>())
                .computeIfAbsent(handler, h -> new Tally())
                .add(failed, period);
        if (!failed) {
            return Verdict.SOUND;
        }
        if (ejected.contains(slot)) {
            Peers peers = peers(slot, handler, period);
            if (!peers.known()) {
                return Verdict.RAISED;
            }
            return peers.rate() * policy.factor() <= 1 ? Verdict.OUTLIER : Verdict.ALIKE;
        }
        Ejection found = judge(slot, period);
        if (found == null || !serving || ejected.size() + 1 > Math.floor(policy.maxEjected() * workers)) {
            return Verdict.RAISED;
        }
        ejected.add(slot);
        last = new Ejection(found.calls(), found.failures(), found.expected(), count(slot, now));
        return Verdict.OUTLIER;
    }

    /** Returns whether a worker was ejected and has not come back. */
    public boolean isEjected(int slot) {
        return ejected.contains(slot);
    }

    /** Returns why the last worker was ejected. */
    public Ejection lastEjection() {
        if (last == null) {
            throw new IllegalStateException("no worker was ejected");
        }
        return last;
    }

    private @Nullable Ejection judge(int slot, long period) {
        Map<String, Tally> own = slots.getOrDefault(slot, Map.of());
        long all = 0;
        long allFailures = 0;
        for (Tally tally : own.values()) {
            all += tally.calls(period);
            allFailures += tally.failures(period);
        }
        if (all < policy.minCalls() || allFailures < policy.errorRate() * all) {
            return null; // Not worth looking at the others.
        }
        long calls = 0;
        long failures = 0;
        double expected = 0;
        boolean excused = false;
        for (Map.Entry<String, Tally> entry : own.entrySet()) {
            Tally tally = entry.getValue();
            Peers peers = peers(slot, entry.getKey(), period);
            if (peers.known()) {
                calls += tally.calls(period);
                failures += tally.failures(period);
                expected += tally.calls(period) * peers.rate();
            } else {
                excused |= peers.anyFailed();
            }
        }
        if (calls >= policy.minCalls()) {
            boolean outlier = failures >= policy.errorRate() * calls && failures >= policy.factor() * expected;
            return outlier ? new Ejection(calls, failures, expected, Duration.ZERO) : null;
        }
        boolean suspect = allFailures == all && !excused && failures >= policy.factor() * expected;
        return suspect ? new Ejection(all, allFailures, Double.NaN, Duration.ZERO) : null;
    }

    private Peers peers(int slot, String handler, long period) {
        double[] rates = new double[slots.size()];
        int count = 0;
        long answers = 0;
        boolean anyFailed = false;
        for (Map.Entry<Integer, Map<String, Tally>> other : slots.entrySet()) {
            Tally tally = other.getKey() == slot ? null : other.getValue().get(handler);
            long calls = tally == null ? 0 : tally.calls(period);
            if (tally != null && calls > 0) {
                long failures = tally.failures(period);
                answers += calls;
                anyFailed |= failures > 0;
                rates[count++] = (double) failures / calls;
            }
        }
        Arrays.sort(rates, 0, count);
        double median = count == 0 ? 0 : (rates[(count - 1) / 2] + rates[count / 2]) / 2;
        return new Peers(answers, median, anyFailed);
    }

    private Duration count(int slot, long now) {
        Past before = past.get(slot);
        long memory = policy.window().toNanos() * FORGET_WINDOWS;
        int earlier = before == null || now - before.lastAt() >= memory ? 0 : before.ejections();
        int ejections = Math.min(LONGEST_EJECTION, earlier + 1);
        past.put(slot, new Past(ejections, now));
        return policy.ejectFor().multipliedBy(ejections);
    }

    /** The worker came back, or ended: what it did before says nothing any more. */
    public void renewed(int slot) {
        ejected.remove(slot);
        slots.remove(slot);
    }

    /** The slot ended for good. */
    public void forget(int slot) {
        renewed(slot);
        past.remove(slot);
    }

    private long period(long now) {
        return Math.floorDiv(now, Math.max(1, policy.window().toNanos() / BUCKETS));
    }
}
