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
 *
 * <p>A degraded worker is offered for one call at a time. It gets the next call that arrives, idle workers or not: else it
 * would never be tried where there is little to do. A call that has already lost a worker is not put at risk again while
 * another worker is free. A call that only one worker may have, or that had best go to one that is free, goes there, degraded
 * or not.
 */
public final class RouterCore {

    /** A worker that may be leased. */
    public record Idle(int slot, int incarnation) {}

    /**
     * A call and the worker that it goes to.
     *
     * @param probe whether the worker is degraded and tried with this call
     */
    public record Assignment(long callId, int slot, int incarnation, boolean probe) {}

    private record Waiting(long callId, long deadline, long since) {}

    private final Map<Integer, Idle> idle = new LinkedHashMap<>();
    private final Map<Integer, Idle> probes = new LinkedHashMap<>();
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
        held.add(new HeldCalls.Held(callId, deadline, before == null ? now : before.since(), slot, false));
    }

    /** Holds a call back for the worker that a slot has now. */
    public void pin(long callId, long deadline, long now, int slot) {
        HeldCalls.Held before = held.remove(callId);
        held.add(new HeldCalls.Held(callId, deadline, before == null ? now : before.since(), slot, true));
    }

    /** Returns the calls that only this slot may have. */
    public List<Long> heldFor(int slot) {
        return held.of(slot, false);
    }

    /** Returns the calls that only the worker may have that this slot has now. */
    public List<Long> pinnedTo(int slot) {
        return held.of(slot, true);
    }

    /** Returns whether a slot's worker may be leased, be it only to be tried. */
    public boolean isIdle(int slot) {
        return idle.containsKey(slot) || probes.containsKey(slot);
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
        probes.remove(slot);
        idle.put(slot, new Idle(slot, incarnation));
    }

    /** A degraded worker may be leased to one call. */
    public void probe(int slot, int incarnation) {
        idle.remove(slot);
        probes.put(slot, new Idle(slot, incarnation));
    }

    /** An assignment came to nothing, so its worker is as free as it was before. */
    public void free(Assignment assignment) {
        if (assignment.probe()) {
            probe(assignment.slot(), assignment.incarnation());
        } else {
            available(assignment.slot(), assignment.incarnation());
        }
    }

    /** A worker may not be leased any more. */
    public void unavailable(int slot, int incarnation) {
        for (Map<Integer, Idle> workers : List.of(idle, probes)) {
            Idle known = workers.get(slot);
            if (known != null && known.incarnation() == incarnation) {
                workers.remove(slot);
            }
        }
    }

    /** Forgets a slot that has ended. */
    public void forget(int slot) {
        idle.remove(slot);
        probes.remove(slot);
        leasesGiven.remove(slot);
    }

    /**
     * Gives waiting calls to workers, first come first served: to a degraded one that is to be tried, else to the idle worker
     * with the fewest leases so far.
     */
    public List<Assignment> assign() {
        if ((idle.isEmpty() && probes.isEmpty()) || waiting() == 0) {
            return List.of();
        }
        List<Assignment> assignments = new ArrayList<>(Math.min(idle.size() + probes.size(), waiting()));
        while (!(idle.isEmpty() && probes.isEmpty())) {
            HeldCalls.Held bound = held.first(idle.keySet(), probes.keySet());
            boolean probe = !probes.isEmpty() && (idle.isEmpty() || !queue.isEmpty());
            boolean spared = probe && !queue.isEmpty() && !idle.isEmpty();
            Iterator<Waiting> next =
                    (returned.isEmpty() || spared ? queue : returned).values().iterator();
            Waiting call = next.hasNext() ? next.next() : null;
            if (bound != null && (call == null || (returned.isEmpty() && bound.since() - call.since() <= 0))) {
                held.remove(bound.callId());
                assignments.add(given(bound.callId(), bound.slot()));
            } else if (call != null) {
                next.remove();
                assignments.add(given(call.callId(), slotFor(call.callId(), probe)));
            } else {
                break;
            }
        }
        return assignments;
    }

    private Assignment given(long callId, int slot) {
        Idle sound = idle.remove(slot);
        Idle worker = sound != null ? sound : Objects.requireNonNull(probes.remove(slot));
        leasesGiven.merge(slot, 1L, Long::sum);
        return new Assignment(callId, slot, worker.incarnation(), sound == null);
    }

    private int slotFor(long callId, boolean probe) {
        Integer best = preferred.isEmpty() ? null : preferred.remove(callId);
        if (best != null && isIdle(best)) {
            return best;
        }
        return (probe ? probes.values().iterator().next() : leastUsed()).slot();
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
