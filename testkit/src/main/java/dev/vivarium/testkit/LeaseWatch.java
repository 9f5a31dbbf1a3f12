package dev.vivarium.testkit;

import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Looks at one snapshot after the other and checks that leases are conserved: each slot is there once and in one phase, their
 * number is what is wanted, a call is with one worker at most, and a call that has ended gives its worker back. Used by one
 * thread at a time; what it found is read when that has ended.
 */
public final class LeaseWatch {

    private record Lease(int slot, int incarnation, long callId) {}

    private final int wanted;
    private final int surge;
    private final Duration back;
    private final LongPredicate open;
    private final Map<Lease, Long> over = new HashMap<>();
    private long snapshots;
    private long busy;
    private long violations;
    private @Nullable String first;

    /**
     * Creates a watch.
     *
     * @param wanted the slots that there must be
     * @param surge further slots that there may be while workers are replaced
     * @param back how long after its call's end a worker may still count as leased; by then it must have proved idle, or have
     *     been killed
     * @param open whether the call of that number has not ended
     */
    public LeaseWatch(int wanted, int surge, Duration back, LongPredicate open) {
        this.wanted = wanted;
        this.surge = surge;
        this.back = back;
        this.open = open;
    }

    /** Looks at the slots of a snapshot that was taken at {@code now}, in nanoseconds. */
    public void look(List<WorkerSnapshot> workers, long now) {
        snapshots++;
        Map<Phase, Integer> phases = new EnumMap<>(Phase.class);
        workers.forEach(worker -> phases.merge(worker.phase(), 1, Integer::sum));
        busy += phases.getOrDefault(Phase.BUSY, 0);
        int counted = workers.size();
        if (counted < wanted || counted > wanted + surge) {
            violated(counted + " slots where " + wanted + (surge > 0 ? " to " + (wanted + surge) : "") + " are wanted: "
                    + phases);
        }
        Set<Integer> slots = new HashSet<>();
        Set<Long> calls = new HashSet<>();
        Set<Long> processes = new HashSet<>();
        Set<Lease> seen = new HashSet<>();
        for (WorkerSnapshot worker : workers) {
            if (!slots.add(worker.worker().slot())) {
                violated("slot " + worker.worker() + " twice");
            }
            if (worker.pid() != 0 && !processes.add(worker.pid())) {
                violated("process " + worker.pid() + " in two slots");
            }
            if (worker.callId() != 0 && !calls.add(worker.callId())) {
                violated("call " + worker.callId() + " with two workers");
            }
            lease(worker, seen, now);
        }
        over.keySet().retainAll(seen);
    }

    private void lease(WorkerSnapshot worker, Set<Lease> seen, long now) {
        boolean leased = worker.phase() == Phase.BUSY || worker.phase() == Phase.FENCED;
        if (leased && worker.callId() == 0) {
            violated(worker.worker() + " is " + worker.phase() + " and has no call");
        }
        if (worker.phase() == Phase.IDLE && worker.callId() != 0) {
            violated(worker.worker() + " is idle and has call " + worker.callId());
        }
        if (leased && !open.test(worker.callId())) {
            Lease lease = new Lease(worker.worker().slot(), worker.incarnation(), worker.callId());
            seen.add(lease);
            long since = over.computeIfAbsent(lease, unused -> now);
            if (now - since > back.toNanos()) {
                violated(lease + " is held " + Duration.ofNanos(now - since) + " after its call has ended");
            }
        }
    }

    private void violated(String what) {
        violations++;
        first = first == null ? what : first;
    }

    /** Returns which share of the wanted workers was busy, on average. */
    public double utilisation() {
        return snapshots == 0 ? 0 : (double) busy / snapshots / wanted;
    }

    /** Returns how many snapshots were looked at. */
    public long snapshots() {
        return snapshots;
    }

    /** Returns how often something was wrong. */
    public long violations() {
        return violations;
    }

    /** Returns the first thing that was wrong, as a sentence; empty when nothing was. */
    public Optional<String> first() {
        return Optional.ofNullable(first);
    }
}
