package dev.vivarium.testkit.internal;

import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Moment;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The faults that are armed. Thread-safe. */
public final class FaultPlan {

    private final List<FaultLease> leases = new CopyOnWriteArrayList<>();
    private final Map<Integer, ScriptedProcess> processes = new ConcurrentHashMap<>();
    private final List<String> problems = new CopyOnWriteArrayList<>();

    /** Arms a fault. */
    public void add(FaultLease lease) {
        leases.add(lease);
    }

    /** Returns every fault that was ever armed. */
    public List<FaultLease> leases() {
        return leases;
    }

    void born(int slot, ScriptedProcess process) {
        processes.put(slot, process);
    }

    void died(int slot, ScriptedProcess process) {
        processes.remove(slot, process);
    }

    /**
     * Has the guardian find so much memory in a scripted worker's process tree.
     *
     * @throws IllegalStateException when no process is in that slot
     */
    public void measure(int slot, long bytes) {
        ScriptedProcess process = processes.get(slot);
        if (process == null) {
            throw new IllegalStateException("there is no process in slot " + slot);
        }
        process.measure(bytes);
    }

    /** Notes that the kit itself failed, which fails the test. */
    public void problem(String text) {
        problems.add(text);
    }

    /** Returns in what the kit itself failed. */
    public List<String> problems() {
        return List.copyOf(problems);
    }

    /** Starts a thread of the kit's; what it throws fails the test. */
    @SuppressWarnings("CatchingUnchecked") // An Error of the kit's must not be lost with its thread either.
    void thread(String name, Runnable body) {
        Thread thread = new Thread(
                () -> {
                    try {
                        body.run();
                    } catch (Throwable e) {
                        StringWriter trace = new StringWriter();
                        e.printStackTrace(new PrintWriter(trace));
                        problem("the kit's thread " + name + " failed: " + trace);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Returns whether a fault of a kind would land at this moment of a worker. */
    boolean isDue(Moment moment, int slot, Class<? extends Fault> kind) {
        return leases.stream().anyMatch(lease -> kind.isInstance(lease.fault()) && lease.isDue(moment, slot));
    }

    /** Takes the first fault of a kind that is due at this moment of a worker, or null; it counts as landed. */
    @Nullable
    FaultLease takeLease(Moment moment, int slot, Class<? extends Fault> kind) {
        for (FaultLease lease : leases) {
            if (kind.isInstance(lease.fault()) && lease.land(moment, slot)) {
                return lease;
            }
        }
        return null;
    }

    /** Returns a partition that holds what goes to, or comes from, a worker, or null. */
    @Nullable
    FaultLease partition(int slot, boolean down) {
        for (FaultLease lease : leases) {
            if (lease.fault() instanceof Fault.Partitioned cut
                    && (down ? cut.toWorker() : cut.toJvm())
                    && lease.holds(slot)) {
                return lease;
            }
        }
        return null;
    }
}
