package dev.vivarium.chaos.internal;

import dev.vivarium.chaos.Schedule;

/** A fault in one target: requested, landed and healed are three things. Times are nanoseconds of the run. Thread-safe. */
public final class Struck {

    private final Schedule.Planned planned;
    private final int slot;
    private final long requested;
    private long struck;
    private long landed;
    private int landings;
    private long healed;
    private long detected;
    private String refusal = "";

    /** Creates one that has been requested. */
    public Struck(Schedule.Planned planned, int slot, long requested) {
        this.planned = planned;
        this.slot = slot;
        this.requested = requested;
    }

    /** Returns the fault. */
    public Schedule.Planned planned() {
        return planned;
    }

    /** Returns the target's slot; 0 for the pool. */
    public int slot() {
        return slot;
    }

    /** Returns when it was asked for. */
    public long requested() {
        return requested;
    }

    /** Returns when it landed first; 0 while it has not. */
    public synchronized long landed() {
        return landed;
    }

    /** Returns how often it landed. */
    public synchronized int landings() {
        return landings;
    }

    /** Returns when it was healed; 0 while it has not been. */
    public synchronized long healed() {
        return healed;
    }

    /** Returns when the pool told of the death that it brought; 0 when it has not. */
    public synchronized long detected() {
        return detected;
    }

    /** Returns why it could not be carried out; empty when it could. */
    public synchronized String refusal() {
        return refusal;
    }

    /** It could not be carried out. */
    synchronized void refuse(String reason) {
        refusal = reason;
    }

    /** It has been carried out, and may be seen to land. */
    public synchronized void struckAt(long at) {
        struck = at;
    }

    /** It has landed, at the moment at which it was carried out if that is known; returns whether for the first time. */
    public synchronized boolean land(long at) {
        landings++;
        if (landed == 0) {
            landed = struck == 0 ? at : struck;
            return true;
        }
        return false;
    }

    /** It is healed; returns whether it was not before. */
    public synchronized boolean heal(long at) {
        if (healed != 0) {
            return false;
        }
        healed = at;
        return true;
    }

    /** The pool has told of the death that it brought. */
    public synchronized void detect(long at) {
        if (landed != 0 && detected == 0) {
            detected = at;
        }
    }
}
