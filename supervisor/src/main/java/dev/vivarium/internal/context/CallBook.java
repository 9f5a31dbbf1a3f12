package dev.vivarium.internal.context;

import dev.vivarium.CallTimes;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.internal.port.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Sums up how long calls wait and take, and publishes their ends where that is wanted. Thread-safe. */
public final class CallBook {

    /** What stands for the first lease of a call that has had none. */
    public static final long NEVER = Long.MIN_VALUE;

    private final Clock clock;
    private final EventHub events;
    private final boolean published;
    private final LongAdder leased = new LongAdder();
    private final LongAdder waited = new LongAdder();
    private final LongAdder ended = new LongAdder();
    private final LongAdder taken = new LongAdder();

    /**
     * Creates the book.
     *
     * @param published whether the end of each call is an event
     */
    CallBook(Clock clock, EventHub events, boolean published) {
        this.clock = clock;
        this.events = events;
        this.published = published;
    }

    /** A call got its first worker. */
    public void leased(long arrived, long now) {
        leased.increment();
        waited.add(Math.max(0, now - arrived));
    }

    /**
     * An accepted call ended.
     *
     * @param firstLease when it got its first worker, or {@link #NEVER}
     * @param error null when it ended well
     */
    public void ended(
            long id, String handler, long arrived, long firstLease, int attempts, @Nullable PoolException error) {
        long now = clock.nanoTime();
        ended.increment();
        taken.add(Math.max(0, now - arrived));
        if (published && events.isHeard()) {
            Duration wait = firstLease == NEVER ? null : Duration.ofNanos(Math.max(0, firstLease - arrived));
            events.publish(new PoolEvent.CallEnded(
                    id, handler, attempts, wait, Duration.ofNanos(Math.max(0, now - arrived)), error, clock.now()));
        }
    }

    /** A call was not accepted. */
    public void refused(long id, String handler, PoolException error) {
        if (published && events.isHeard()) {
            events.publish(new PoolEvent.CallEnded(id, handler, 0, null, Duration.ZERO, error, clock.now()));
        }
    }

    /** Returns the sums. */
    public CallTimes times() {
        return new CallTimes(leased.sum(), Duration.ofNanos(waited.sum()), ended.sum(), Duration.ofNanos(taken.sum()));
    }
}
