package dev.vivarium.testkit.internal;

import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.Moment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The faults that are armed. Thread-safe. */
public final class FaultPlan {

    private final List<FaultLease> leases = new CopyOnWriteArrayList<>();

    /** Arms a fault. */
    public void add(FaultLease lease) {
        leases.add(lease);
    }

    /** Returns every fault that was ever armed. */
    public List<FaultLease> leases() {
        return leases;
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
