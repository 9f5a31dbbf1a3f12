package dev.vivarium.internal.context;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How long the handler waits for whom the calling thread runs a function. Calls that the function makes meanwhile end by then:
 * nobody would wait for them any longer.
 */
public final class CallerDeadline {

    private static final ThreadLocal<@Nullable LongSupplier> LEFT = new ThreadLocal<>();

    private CallerDeadline() {}

    /**
     * The calling thread runs a function from now on.
     *
     * @param left returns the nanoseconds that are left
     */
    public static void begin(LongSupplier left) {
        LEFT.set(left);
    }

    /** The calling thread has run it. */
    public static void end() {
        LEFT.remove();
    }

    /** Returns the time limit of a call that the calling thread makes now: the one given, unless its own caller has less. */
    public static Duration within(Duration limit) {
        LongSupplier left = LEFT.get();
        if (left == null) {
            return limit;
        }
        Duration most = Duration.ofNanos(Math.max(1, left.getAsLong()));
        return most.compareTo(limit) < 0 ? most : limit;
    }
}
