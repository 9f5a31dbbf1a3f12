package dev.vivarium.internal.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides which worker a call goes to. Holds the calls that wait and the workers that are idle; at any time one of the two
 * is empty. Deterministic, without a clock of its own. Not thread-safe.
 */
public final class RouterCore {

    /** A worker that may be leased. */
    public record Idle(int slot, int incarnation) {}

    /** A call and the worker that it goes to. */
    public record Assignment(long callId, int slot, int incarnation) {}

    private record Waiting(long callId, long deadline, long since) {}

    private final Map<Integer, Idle> idle = new LinkedHashMap<>();
    private final Map<Integer, Long> leasesGiven = new HashMap<>();
    // A call that comes back from a dead worker has waited before, so it goes before all others.
    private final Map<Long, Waiting> returned = new LinkedHashMap<>();
    private final Map<Long, Waiting> queue = new LinkedHashMap<>();

    /** A call arrives. */
    public void submit(long callId, long deadline, long now) {
        queue.put(callId, new Waiting(callId, deadline, now));
    }

    /** A call comes back because its worker ended. */
    public void giveBack(long callId, long deadline, long now) {
        returned.put(callId, new Waiting(callId, deadline, now));
    }

    /** A call ended while it waited, or was given to a worker. Returns whether it had been waiting. */
    public boolean remove(long callId) {
        return queue.remove(callId) != null || returned.remove(callId) != null;
    }

    /** A worker may be leased; an older incarnation of the same slot is forgotten. */
    public void available(int slot, int incarnation) {
        idle.remove(slot);
        idle.put(slot, new Idle(slot, incarnation));
    }

    /** A worker may not be leased any more. */
    public void unavailable(int slot, int incarnation) {
        Idle known = idle.get(slot);
        if (known != null && known.incarnation() == incarnation) {
            idle.remove(slot);
        }
    }

    /** Forgets a slot that has ended. */
    public void forget(int slot) {
        idle.remove(slot);
        leasesGiven.remove(slot);
    }

    /** Gives waiting calls to idle workers, first come first served; of the idle workers, that with the fewest leases so far. */
    public List<Assignment> assign() {
        if (idle.isEmpty() || waiting() == 0) {
            return List.of();
        }
        List<Assignment> assignments = new ArrayList<>(Math.min(idle.size(), waiting()));
        while (!idle.isEmpty() && waiting() > 0) {
            Map<Long, Waiting> source = returned.isEmpty() ? queue : returned;
            Iterator<Waiting> next = source.values().iterator();
            Waiting call = next.next();
            next.remove();
            Idle worker = leastUsed();
            idle.remove(worker.slot());
            leasesGiven.merge(worker.slot(), 1L, Long::sum);
            assignments.add(new Assignment(call.callId(), worker.slot(), worker.incarnation()));
        }
        return assignments;
    }

    private Idle leastUsed() {
        Idle best = idle.values().iterator().next();
        if (idle.size() == 1) {
            return best;
        }
        long fewest = Long.MAX_VALUE;
        for (Idle candidate : idle.values()) {
            long leases = leasesGiven.getOrDefault(candidate.slot(), 0L);
            if (leases < fewest) {
                fewest = leases;
                best = candidate;
            }
        }
        return best;
    }

    /** Removes and returns the calls whose deadline is not after {@code now}. */
    public List<Long> expire(long now) {
        List<Long> expired = new ArrayList<>();
        for (Map<Long, Waiting> source : List.of(returned, queue)) {
            source.values().removeIf(call -> {
                boolean over = call.deadline() - now <= 0;
                if (over) {
                    expired.add(call.callId());
                }
                return over;
            });
        }
        return expired;
    }

    /** Returns the earliest deadline of the waiting calls, or {@code Long.MAX_VALUE} when none waits. */
    public long earliestDeadline() {
        long earliest = Long.MAX_VALUE;
        for (Map<Long, Waiting> source : List.of(returned, queue)) {
            for (Waiting call : source.values()) {
                if (earliest == Long.MAX_VALUE || call.deadline() - earliest < 0) {
                    earliest = call.deadline();
                }
            }
        }
        return earliest;
    }

    /** Returns how many calls wait. */
    public int waiting() {
        return queue.size() + returned.size();
    }

    /** Returns how many workers are idle. */
    public int idleWorkers() {
        return idle.size();
    }

    /** Returns since when the oldest call has waited, or {@code now} when none waits. */
    public long oldestSince(long now) {
        long oldest = now;
        for (Map<Long, Waiting> source : List.of(returned, queue)) {
            if (!source.isEmpty()) {
                long since = source.values().iterator().next().since();
                if (since - oldest < 0) {
                    oldest = since;
                }
            }
        }
        return oldest;
    }

    /** Removes and returns every waiting call. */
    public List<Long> drain() {
        List<Long> all = new ArrayList<>(returned.keySet());
        all.addAll(queue.keySet());
        returned.clear();
        queue.clear();
        return all;
    }
}
