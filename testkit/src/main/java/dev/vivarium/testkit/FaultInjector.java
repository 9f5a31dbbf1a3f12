package dev.vivarium.testkit;

import dev.vivarium.testkit.internal.FaultPlan;
import dev.vivarium.testkit.internal.Signals;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * Arms faults that land at exact moments. Thread-safe.
 *
 * <pre>{@code
 * try (FaultLease killed = faults.at(Moment.EXECUTED).times(1).arm(new Fault.Signalled(9))) {
 *     pool.call("echo", String.class, "x").await();
 * }
 * }</pre>
 */
public final class FaultInjector {

    /** How long a fault stays armed unless another time is given. */
    public static final Duration DEFAULT_TTL = Duration.ofSeconds(20);

    /** Runs something once, after a time of the pool's clock. */
    interface Timer {
        void after(Duration delay, Runnable task);
    }

    private final Layer layer;
    private final boolean possible;
    private final FaultPlan plan;
    private final Timer timer;
    private final Supplier<String> lately;

    /**
     * Creates an injector.
     *
     * @param lately what has happened, for waits that expire
     */
    FaultInjector(Layer layer, boolean possible, FaultPlan plan, Timer timer, Supplier<String> lately) {
        this.layer = layer;
        this.possible = possible;
        this.plan = plan;
        this.timer = timer;
        this.lately = lately;
    }

    /** Begins a fault that lands at a moment; once, in any worker, unless said otherwise. */
    public Order at(Moment moment) {
        return new Order(moment);
    }

    /** Has a scripted worker measured. */
    void measure(int slot, long bytes) {
        if (layer == Layer.PYTHON) {
            throw new FaultNotPossible(
                    "what a Python worker takes is measured: arm Fault.Ballooned, or call `balloon`");
        }
        plan.measure(slot, bytes);
    }

    /** Heals every fault. */
    public void healAll() {
        plan.leases().forEach(FaultLease::heal);
    }

    /** Returns every fault that was armed in this test. */
    public List<FaultLease> leases() {
        return List.copyOf(plan.leases());
    }

    /** A fault in the making. */
    public final class Order {
        private final Moment moment;
        private int slot;
        private int times = 1;
        private Duration ttl = DEFAULT_TTL;
        private double share = 1;
        private long seed;

        private Order(Moment moment) {
            this.moment = moment;
        }

        /** Only in this worker, by its slot from 1. */
        public Order inSlot(int number) {
            if (number < 1) {
                throw new IllegalArgumentException("slot must be 1 or more, got " + number);
            }
            slot = number;
            return this;
        }

        /** As often as this. */
        public Order times(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("times must be 1 or more, got " + count);
            }
            times = count;
            return this;
        }

        /**
         * Only on a share of its moments, drawn one by one.
         *
         * @param chance above 0 to 1
         */
        public Order share(double chance) {
            if (!(chance > 0 && chance <= 1)) {
                throw new IllegalArgumentException("share must be above 0 to 1, got " + chance);
            }
            share = chance;
            return this;
        }

        /** Sets the seed of what is drawn: on which moments it lands, and how late frames are. Default: 0. */
        public Order seed(long value) {
            seed = value;
            return this;
        }

        /** Heals by itself after this time of the pool's clock. */
        public Order ttl(Duration time) {
            ttl = FaultLease.checkedTtl(time);
            return this;
        }

        /**
         * Arms the fault.
         *
         * @throws FaultNotPossible when it cannot land on this layer or at this moment
         */
        public FaultLease arm(Fault fault) {
            check(fault);
            FaultLease lease = new FaultLease(fault, moment, slot, times, share, seed).telling(lately);
            plan.add(lease);
            timer.after(ttl, lease::heal);
            return lease;
        }

        private void check(Fault fault) {
            if (!possible && layer == Layer.PYTHON) {
                throw new FaultNotPossible(
                        "this pool's data channels are pipes, which do not pass the kit's proxy, where "
                                + "faults land: let the test, or a method that runs before or after it, take a FaultInjector "
                                + "as a parameter, or say faults(true) in its specification");
            }
            if (fault instanceof Fault.OnWire && layer == Layer.FAKE) {
                throw new FaultNotPossible(fault + " needs a wire: layer SCRIPTED or PYTHON, this is " + layer);
            }
            if (fault instanceof Fault.InPython && layer != Layer.PYTHON) {
                throw new FaultNotPossible(fault + " needs an interpreter: layer PYTHON, this is " + layer);
            }
            boolean byItself = fault instanceof Fault.Exited || fault instanceof Fault.Hung;
            if (layer != Layer.FAKE && byItself && moment != Moment.STARTED) {
                throw new FaultNotPossible(fault + " takes the process's own doing: only at STARTED, not at " + moment);
            }
            if (fault instanceof Fault.InPython && moment != Moment.STARTED) {
                throw new FaultNotPossible(fault + " happens in the handler: only at STARTED, not at " + moment);
            }
            if (fault instanceof Fault.OnWire && (moment == Moment.STARTED || moment == Moment.AFTER_SEND)) {
                throw new FaultNotPossible(fault + " lands on a frame, and none passes at " + moment
                        + ": only at MID_HANDSHAKE, MID_LOAD, CHECKED, BEFORE_SEND and EXECUTED");
            }
            boolean onAnswer = fault instanceof Fault.Forged
                    || fault instanceof Fault.Crossed
                    || fault instanceof Fault.Belated
                    || (fault instanceof Fault.Misaddressed && moment != Moment.CHECKED);
            if (onAnswer && moment != Moment.EXECUTED) {
                throw new FaultNotPossible(fault + " befalls answers: only at EXECUTED, not at " + moment);
            }
            if (fault instanceof Fault.Sliced sliced && sliced.bytes() < 1) {
                throw new IllegalArgumentException("bytes of a slice must be 1 or more, got " + sliced.bytes());
            }
            if (fault instanceof Fault.Throttled throttled && throttled.bytesPerSecond() < 1) {
                throw new IllegalArgumentException(
                        "bytesPerSecond must be 1 or more, got " + throttled.bytesPerSecond());
            }
            if (fault instanceof Fault.Signalled signalled && !Signals.exists(signalled.signal())) {
                throw new FaultNotPossible("there is no signal " + signalled.signal() + ": only 1 to 64");
            }
        }
    }
}
