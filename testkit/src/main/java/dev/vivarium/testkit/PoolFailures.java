package dev.vivarium.testkit;

import dev.vivarium.PendingCall;
import dev.vivarium.WorkerSnapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The failures that pools have in service, each in one line: workers killed, crash loops, answers lost, handlers that hang, a pool
 * that has no worker left. Made of {@link FaultInjector} and {@link TestWorker}, which can do more. The warnings of what it does are
 * expected. Thread-safe.
 */
public final class PoolFailures {

    private static final int KILL = 9;

    private final TestPool kit;

    private PoolFailures(TestPool kit) {
        this.kit = kit;
    }

    /** Returns what makes a test's pool fail. */
    public static PoolFailures of(TestPool kit) {
        return new PoolFailures(kit);
    }

    /**
     * Kills every worker that has a process, and waits until each has been replaced by one that serves. Virtual time is moved on
     * meanwhile.
     *
     * @return how many were killed
     */
    public int killAllWorkers() throws InterruptedException {
        kit.expectWarning("KILL");
        Map<Integer, Integer> killed = new HashMap<>();
        for (WorkerSnapshot worker : kit.pool().snapshot().workers()) {
            if (worker.pid() != 0) {
                killed.put(worker.worker().slot(), worker.incarnation());
                kit.worker(worker.worker().slot()).kill();
            }
        }
        kit.passTimeUntil(
                "replaced: workers " + killed.keySet(),
                () -> killed.entrySet().stream().allMatch(entry -> serves(entry.getKey(), entry.getValue() + 1)));
        return killed.size();
    }

    private boolean serves(int slot, int incarnation) {
        return kit.pool().snapshot().workers().stream()
                .anyMatch(worker -> worker.worker().slot() == slot
                        && worker.incarnation() >= incarnation
                        && (worker.phase() == WorkerSnapshot.Phase.IDLE
                                || worker.phase() == WorkerSnapshot.Phase.BUSY));
    }

    /**
     * Kills the workers of the next calls as soon as their handlers have started: whether they ran to their end is UNKNOWN.
     *
     * @param calls how many attempts lose their worker
     */
    public FaultLease killOnStart(int calls) {
        kit.expectWarning("KILL");
        return kit.faults().at(Moment.STARTED).times(calls).arm(new Fault.Signalled(KILL));
    }

    /**
     * Kills the workers of the next calls when their handlers have finished, before the answer has arrived.
     *
     * @param calls how many attempts lose their answer
     */
    public FaultLease loseAnswers(int calls) {
        kit.expectWarning("KILL");
        return kit.faults().at(Moment.EXECUTED).times(calls).arm(new Fault.Signalled(KILL));
    }

    /**
     * Has the next calls hang as soon as their handlers have started, until the fault is healed. They heed no cancellation, so a
     * worker that is past its call's deadline is killed.
     *
     * @param calls how many attempts hang
     */
    public FaultLease hang(int calls) {
        return kit.faults().at(Moment.STARTED).times(calls).arm(new Fault.Hung());
    }

    /**
     * Kills a worker, and each of its next incarnations while it loads: a crash loop, which its slot waits longer and longer in.
     * Returns when the worker has been told to die; the restarts take time, which is virtual where the pool's is.
     *
     * @param slot the worker's slot, from 1
     * @param times how many starts fail, 1 or more
     */
    public FaultLease crashLoop(int slot, int times) {
        kit.expectWarning("KILL");
        FaultLease lease =
                kit.faults().at(Moment.MID_LOAD).inSlot(slot).times(times).arm(new Fault.Signalled(KILL));
        kit.worker(slot).kill();
        return lease;
    }

    /**
     * Keeps every wanted worker busy with a call of {@code held}, so that further calls queue, until {@link Occupation#close}.
     * To be used when the pool is idle.
     */
    public Occupation occupyAll() throws InterruptedException {
        Occupation occupation =
                new Occupation("occupied-" + kit.pool().snapshot().accepted());
        occupation.begin();
        return occupation;
    }

    /** Workers that are kept busy. */
    public final class Occupation implements AutoCloseable {
        private final String gate;
        private final List<PendingCall<String>> calls = new ArrayList<>();

        private Occupation(String gate) {
            this.gate = gate;
        }

        private void begin() throws InterruptedException {
            int wanted = kit.pool().snapshot().wanted();
            for (int i = 0; i < wanted; i++) {
                calls.add(kit.pool().call("held", String.class, gate, "occupied"));
            }
            for (PendingCall<String> call : calls) {
                kit.awaitStarted(call);
            }
        }

        /** Returns the calls that keep the workers busy. */
        public List<PendingCall<String>> calls() {
            return List.copyOf(calls);
        }

        /** Lets the workers go, and waits until their calls have ended; an interrupt ends the wait. Idempotent. */
        @Override
        public void close() {
            kit.open(gate);
            try {
                kit.passTimeUntil(
                        "free: the occupied workers", () -> calls.stream().allMatch(PendingCall::isDone));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
