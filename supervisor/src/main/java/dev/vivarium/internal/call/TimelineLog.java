package dev.vivarium.internal.call;

import dev.vivarium.CallTimeline;
import dev.vivarium.CallTimeline.Attempt;
import dev.vivarium.CallbackOutcome;
import dev.vivarium.WorkerId;
import dev.vivarium.internal.port.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Notes what happens to one timed call, and when. What comes after its end is not noted. Thread-safe. */
public final class TimelineLog {

    private record Asked(int incarnation, long number) {}

    private final Clock clock;
    private final long arrived;
    private final Instant queued;
    private final List<Attempt> over = new ArrayList<>();
    private @Nullable Attempt open;
    private final Map<Asked, CallTimeline.Callback> callbacks = new LinkedHashMap<>();
    private @Nullable Supplier<OptionalLong> start;
    private @Nullable CallTimeline ended;

    /**
     * Begins the log.
     *
     * @param arrived when the call was made, by the monotonic clock
     */
    public TimelineLog(Clock clock, long arrived) {
        this.clock = clock;
        this.arrived = arrived;
        this.queued = clock.now().minusNanos(clock.nanoTime() - arrived);
    }

    /** A worker was chosen. */
    public synchronized void leased(WorkerId worker, int incarnation) {
        if (ended == null) {
            open = new Attempt(worker, incarnation, now(), null, null, null);
        }
    }

    /**
     * The call is about to be written.
     *
     * @param started returns when the handler was entered, by the monotonic clock, if that is known
     */
    public synchronized void sent(Supplier<OptionalLong> started) {
        Attempt attempt = open;
        if (ended == null && attempt != null) {
            start = started;
            open = new Attempt(attempt.worker(), attempt.incarnation(), attempt.leased(), now(), null, null);
        }
    }

    /** An answer was read. */
    public synchronized void replied() {
        Attempt attempt = open;
        if (ended == null && attempt != null) {
            open = new Attempt(attempt.worker(), attempt.incarnation(), attempt.leased(), attempt.sent(), null, now());
        }
    }

    /** The worker of the present attempt has ended, or did not take the call: what is known of the attempt now, is all. */
    public synchronized void attemptOver() {
        Attempt attempt = withStart();
        if (ended == null && attempt != null) {
            over.add(attempt);
            if (over.size() > CallTimeline.MAX_ATTEMPTS) {
                over.remove(0);
            }
            open = null;
            start = null;
        }
    }

    /**
     * Something happened to a callback.
     *
     * @param number tells it from others of the same incarnation
     * @param asked when it came, by the monotonic clock
     * @param started when its function was begun, by the monotonic clock; null when it was not
     * @param outcome how it has just ended; null when it has not
     */
    public synchronized void callback(
            long number,
            String function,
            WorkerId worker,
            int incarnation,
            long asked,
            @Nullable Long started,
            @Nullable CallbackOutcome outcome) {
        if (ended != null) {
            return;
        }
        Asked key = new Asked(incarnation, number);
        if (callbacks.size() == CallTimeline.MAX_CALLBACKS && !callbacks.containsKey(key)) {
            callbacks.remove(callbacks.keySet().iterator().next());
        }
        callbacks.put(
                key,
                new CallTimeline.Callback(
                        function,
                        worker,
                        incarnation,
                        at(asked),
                        started == null ? null : at(started),
                        outcome == null ? null : now(),
                        outcome));
    }

    /** Ends the log and returns the whole; the first end counts. */
    public synchronized CallTimeline end() {
        if (ended == null) {
            Instant now = now();
            attemptOver();
            ended = new CallTimeline(queued, over, List.copyOf(callbacks.values()), now);
        }
        return ended;
    }

    /** Returns what is known so far. */
    public synchronized CallTimeline soFar() {
        if (ended != null) {
            return ended;
        }
        List<Attempt> all = new ArrayList<>(over);
        Attempt attempt = withStart();
        if (attempt != null) {
            all.add(attempt);
        }
        return new CallTimeline(
                queued,
                all.subList(Math.max(0, all.size() - CallTimeline.MAX_ATTEMPTS), all.size()),
                List.copyOf(callbacks.values()),
                null);
    }

    private @Nullable Attempt withStart() {
        Attempt attempt = open;
        Supplier<OptionalLong> known = start;
        if (attempt == null || known == null || attempt.sent() == null) {
            return attempt;
        }
        OptionalLong at = known.get();
        if (at.isEmpty()) {
            return attempt;
        }
        Instant started = at(at.getAsLong());
        Instant latest = attempt.replied() == null ? now() : attempt.replied();
        // A clock that ran from another zero would put it anywhere: nothing is known then.
        if (started.isBefore(attempt.sent()) || started.isAfter(latest)) {
            return attempt;
        }
        return new Attempt(
                attempt.worker(), attempt.incarnation(), attempt.leased(), attempt.sent(), started, attempt.replied());
    }

    private Instant now() {
        return at(clock.nanoTime());
    }

    private Instant at(long nanoTime) {
        return queued.plusNanos(nanoTime - arrived);
    }
}
