package dev.vivarium.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/**
 * A fault that is armed: it lands at its moment, as often as was asked for, and is healed when it is closed, when its time
 * to live is over, or when the test ends, whichever comes first. Thread-safe.
 */
public final class FaultLease implements AutoCloseable {

    private final Fault fault;
    private final Moment moment;
    private final int slot;
    private final int times;
    private final double share;
    private final SplittableRandom random;
    private double lastDraw;
    private final List<IntConsumer> listeners = new ArrayList<>();
    private final List<Runnable> healing = new ArrayList<>();
    private final Set<Integer> landedIn = new HashSet<>();
    private Supplier<String> lately = () -> "there is no record of events";
    private int landed;
    private boolean healed;

    /**
     * Creates a lease.
     *
     * @param slot the worker's slot, 0 for any
     * @param share of its moments on which it lands, 1 for all
     * @param seed of what is drawn
     */
    FaultLease(Fault fault, Moment moment, int slot, int times, double share, long seed) {
        this.share = share;
        this.random = new SplittableRandom(seed);
        this.fault = fault;
        this.moment = moment;
        this.slot = slot;
        this.times = times;
    }

    /** Has a wait that expires tell this, too. */
    FaultLease telling(Supplier<String> what) {
        lately = what;
        return this;
    }

    /** Returns the fault. */
    public Fault fault() {
        return fault;
    }

    /** Returns how often it has landed. */
    public synchronized int landed() {
        return landed;
    }

    /** Returns whether it can land no more, and what it held back has been let go. */
    public synchronized boolean isHealed() {
        return healed;
    }

    /**
     * Waits until it has landed.
     *
     * @throws TimeoutException when it has not within the kit's patience
     */
    public synchronized void awaitLanded() throws InterruptedException, TimeoutException {
        long end = System.nanoTime() + Patience.LIMIT.toNanos();
        while (landed == 0) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                throw new TimeoutException(
                        this + " has not landed within " + Patience.LIMIT.toSeconds() + " s; " + lately.get());
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    /** Lands the fault if this is its moment. For the kit's own use. */
    public boolean land(Moment now, int inSlot) {
        List<IntConsumer> told;
        synchronized (this) {
            if (!isDue(now, inSlot) || (share < 1 && random.nextDouble() >= share)) {
                return false;
            }
            landed++;
            landedIn.add(inSlot);
            notifyAll();
            told = List.copyOf(listeners);
        }
        told.forEach(listener -> listener.accept(inSlot));
        return true;
    }

    /** Has somebody told, each time that it lands, in which slot; on the thread of the kit's on which it does. */
    public synchronized FaultLease onLand(IntConsumer listener) {
        listeners.add(listener);
        return this;
    }

    /** Draws how late a frame is. For the kit's own use. */
    public synchronized Duration drawn(Fault.Delayed delayed) {
        if (delayed.jitter().isZero()) {
            return delayed.by();
        }
        double draw = 2 * random.nextDouble() - 1;
        lastDraw = draw * (1 - delayed.correlation()) + lastDraw * delayed.correlation();
        long nanos = delayed.by().toNanos() + (long) (delayed.jitter().toNanos() * lastDraw);
        return Duration.ofNanos(Math.max(0, nanos));
    }

    /** Returns whether it has landed in a worker and is not healed. For the kit's own use. */
    public synchronized boolean holds(int inSlot) {
        return !healed && landedIn.contains(inSlot);
    }

    /** Waits for the healing, which is sure to come. For the kit's own use. */
    public synchronized void awaitHealed() throws InterruptedException {
        while (!healed) {
            wait();
        }
    }

    /** Returns whether it would land now. For the kit's own use. */
    public synchronized boolean isDue(Moment now, int inSlot) {
        return !healed && now == moment && landed < times && (slot == 0 || slot == inSlot);
    }

    /** Has something run when the fault is healed; at once when it is. For the kit's own use. */
    public void onHeal(Runnable release) {
        synchronized (this) {
            if (!healed) {
                healing.add(release);
                return;
            }
        }
        release.run();
    }

    /** Ends the fault and lets go what it held back. Idempotent. */
    public void heal() {
        List<Runnable> releases;
        synchronized (this) {
            if (healed) {
                return;
            }
            healed = true;
            notifyAll();
            releases = List.copyOf(healing);
        }
        releases.forEach(Runnable::run);
    }

    /** Heals. */
    @Override
    public void close() {
        heal();
    }

    /** Names fault, moment and worker. */
    @Override
    public synchronized String toString() {
        return fault + " at " + moment + (slot == 0 ? "" : " in slot " + slot) + ", landed " + landed + " of " + times
                + " times";
    }

    static Duration checkedTtl(Duration ttl) {
        if (ttl.isNegative() || ttl.isZero()) {
            throw new IllegalArgumentException("a fault's time to live must be positive, got " + ttl);
        }
        return ttl;
    }
}
