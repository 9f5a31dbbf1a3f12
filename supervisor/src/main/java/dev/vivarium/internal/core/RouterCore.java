package dev.vivarium.internal.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

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
    private final HeldCalls held = new HeldCalls();
    // Which slot a waiting call had best go to.
    private final Map<Long, Integer> preferred = new HashMap<>();

    /** A call arrives. */
    public void submit(long callId, long deadline, long now) {
        queue.put(callId, new Waiting(callId, deadline, now));
    }

    /** A call comes back because its worker ended. */
    public void giveBack(long callId, long deadline, long now) {
        returned.put(callId, new Waiting(callId, deadline, now));
    }

    /** Says which slot a waiting call had best go to, if that is idle when its turn comes. */
    public void prefer(long callId, int slot) {
        preferred.put(callId, slot);
    }

    /**
     * Holds a call back, waiting or not.
     *
     * @param slot the only slot that may have it; 0 when none may until it is submitted, or held for one
     */
    public void hold(long callId, long deadline, long now, int slot) {
        HeldCalls.Held before = held.remove(callId);
        held.add(new HeldCalls.Held(callId, deadline, before == null ? now : before.since(), slot));
    }

    /** Returns the calls that only this slot may have. */
    public List<Long> heldFor(int slot) {
        return held.of(slot);
    }

    /** Returns whether a slot's worker may be leased. */
    public boolean isIdle(int slot) {
        return idle.containsKey(slot);
    }

    /** A call ended while it waited, or was given to a worker. Returns whether it had been waiting. */
    public boolean remove(long callId) {
        if (!preferred.isEmpty()) {
            preferred.remove(callId);
        }
        return queue.remove(callId) != null || returned.remove(callId) != null || held.remove(callId) != null;
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
        while (!idle.isEmpty()) {
            HeldCalls.Held bound = held.first(idle.keySet());
            Iterator<Waiting> next =
                    (returned.isEmpty() ? queue : returned).values().iterator();
            Waiting call = next.hasNext() ? next.next() : null;
            if (bound != null && (call == null || (returned.isEmpty() && bound.since() - call.since() <= 0))) {
                held.remove(bound.callId());
                assignments.add(given(bound.callId(), Objects.requireNonNull(idle.get(bound.slot()))));
            } else if (call != null) {
                next.remove();
                assignments.add(given(call.callId(), preferred(call.callId())));
            } else {
                break;
            }
        }
        return assignments;
    }

    private Assignment given(long callId, Idle worker) {
        idle.remove(worker.slot());
        leasesGiven.merge(worker.slot(), 1L, Long::sum);
        return new Assignment(callId, worker.slot(), worker.incarnation());
    }

    private Idle preferred(long callId) {
        Integer slot = preferred.isEmpty() ? null : preferred.remove(callId);
        Idle best = slot == null ? null : idle.get(slot);
        return best == null ? leastUsed() : best;
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
        held.expire(now, expired);
        expired.forEach(preferred::remove);
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
        for (HeldCalls.Held call : held.calls()) {
            if (earliest == Long.MAX_VALUE || call.deadline() - earliest < 0) {
                earliest = call.deadline();
            }
        }
        return earliest;
    }

    /** Returns how many calls wait. */
    public int waiting() {
        return queue.size() + returned.size() + held.size();
    }

    /** Returns how many workers are idle. */
    public int idleWorkers() {
        return idle.size();
    }

    /** Returns since when the oldest call has waited, or {@code now} when none waits. */
    public long oldestSince(long now) {
        long oldest = held.oldestSince(now);
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
        held.calls().forEach(call -> all.add(call.callId()));
        held.clear();
        preferred.clear();
        returned.clear();
        queue.clear();
        return all;
    }
}
