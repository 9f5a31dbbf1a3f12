package dev.vivarium.internal.channel;

import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/** Lets at most so many lines a second pass, wherever they come from. Used by one thread. */
public final class LineRate {

    private static final long SECOND = 1_000_000_000L;

    private final int maxLinesPerSecond;
    private final LongSupplier nanoTime;
    private final LongConsumer dropped;
    private long second;
    private int inSecond;
    private long droppedInSecond;

    /**
     * Creates a rate.
     *
     * @param dropped gets the number of lines that did not pass, once a second at the most, and none when there were none
     */
    public LineRate(int maxLinesPerSecond, LongSupplier nanoTime, LongConsumer dropped) {
        this.maxLinesPerSecond = maxLinesPerSecond;
        this.nanoTime = nanoTime;
        this.dropped = dropped;
        this.second = nanoTime.getAsLong();
    }

    /** Returns whether a line that has come is within the rate. */
    public boolean passes() {
        long now = nanoTime.getAsLong();
        if (now - second >= SECOND) {
            tellDropped();
            second = now;
            inSecond = 0;
        }
        if (inSecond < maxLinesPerSecond) {
            inSecond++;
            return true;
        }
        droppedInSecond++;
        return false;
    }

    /** Tells at once what was dropped and not told yet: no further line may come. */
    public void tellDropped() {
        if (droppedInSecond > 0) {
            long lines = droppedInSecond;
            droppedInSecond = 0;
            dropped.accept(lines);
        }
    }
}
