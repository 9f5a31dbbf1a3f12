package dev.vivarium.bench.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the times at which this process did not run: a thread that does nothing else beats, and what is missing between two beats is
 * a pause of the collector's, of the machine's or of whoever has the processor. Latencies of such times are the generator's own as
 * much as the target's. Thread-safe.
 */
public final class Pauses {

    /** How many pauses are kept; later ones are only counted. */
    public static final int MAX_KEPT = 1000;

    /**
     * A time at which the generator did not run.
     *
     * @param atNanos when it began, from the beginning of the load
     * @param nanos how long it was
     */
    public record Pause(long atNanos, long nanos) {}

    private final long every;
    private final long limit;
    private final List<Pause> kept = new ArrayList<>();
    private long begun;
    private long last;
    private long count;
    private long longest;

    /**
     * Creates a watch.
     *
     * @param every how often it is to beat
     * @param limit how much later than that is a pause
     */
    Pauses(Duration every, Duration limit) {
        this.every = every.toNanos();
        this.limit = limit.toNanos();
    }

    synchronized void begin(long now) {
        begun = now;
        last = now;
    }

    synchronized void beat(long now) {
        long missing = now - last - every;
        if (missing > limit) {
            count++;
            longest = Math.max(longest, missing);
            if (kept.size() < MAX_KEPT) {
                kept.add(new Pause(last - begun, missing));
            }
        }
        last = now;
    }

    /** Returns how many there were. */
    public synchronized long count() {
        return count;
    }

    /** Returns the longest, in nanoseconds; 0 when there was none. */
    public synchronized long longestNanos() {
        return longest;
    }

    /** Returns the first {@value #MAX_KEPT}. */
    public synchronized List<Pause> kept() {
        return List.copyOf(kept);
    }
}
