package dev.vivarium.bench.load;

/** The time that load is made by. */
public interface LoadClock {

    /** Returns the time in nanoseconds from some moment. */
    long nanos();

    /**
     * Waits until a moment; returns at once when it has passed. May return late: that is what is measured.
     *
     * @throws InterruptedException when the thread is interrupted
     */
    void until(long nanos) throws InterruptedException;

    /** Returns the machine's clock. */
    static LoadClock system() {
        return SystemLoadClock.INSTANCE;
    }
}
