package dev.vivarium.testkit;

/** Makes leases for tests in other packages. */
public final class FaultLeases {

    private FaultLeases() {}

    /** Returns a fault that is armed once, for the moment before a frame is sent to any worker. */
    public static FaultLease armed(Fault fault) {
        return new FaultLease(fault, Moment.BEFORE_SEND, 0, 1, 1, 0);
    }
}
