package dev.vivarium.internal.context;

import dev.vivarium.Alert;
import dev.vivarium.CallCancelled;
import dev.vivarium.ErrorCategory;
import dev.vivarium.ErrorReport;
import dev.vivarium.ErrorReport.RecentError;
import dev.vivarium.PoolException;
import dev.vivarium.Severity;
import dev.vivarium.internal.port.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/** What went wrong, counted. Costs a call nothing that ends well. Thread-safe. */
public final class ErrorBooks {

    private static final int MESSAGE_CHARS = 500;

    private final Clock clock;
    private final AtomicLongArray byCategory = new AtomicLongArray(ErrorCategory.values().length);
    private final AtomicLongArray bySeverity = new AtomicLongArray(Severity.values().length);
    private final LongAdder refused = new LongAdder();
    private final LongAdder cancelled = new LongAdder();
    private final Deque<RecentError> recent = new ArrayDeque<>();
    private final Deque<Alert> alerts = new ArrayDeque<>();
    private volatile long windowCalls;
    private volatile long windowFailures;

    ErrorBooks(Clock clock) {
        this.clock = clock;
    }

    /** An accepted call failed. */
    public void failed(String handler, PoolException error) {
        if (error instanceof CallCancelled) {
            cancelled.increment();
        }
        enter(handler, error);
    }

    /** A call was not accepted. */
    public void refused(String handler, PoolException error) {
        refused.increment();
        enter(handler, error);
    }

    private void enter(String handler, PoolException error) {
        byCategory.incrementAndGet(error.category().ordinal());
        bySeverity.incrementAndGet(error.severity().ordinal());
        String message = String.valueOf(error.getMessage());
        RecentError entry = new RecentError(
                handler,
                error.getClass().getSimpleName(),
                error.category(),
                error.severity(),
                error.execution(),
                message.length() <= MESSAGE_CHARS ? message : message.substring(0, MESSAGE_CHARS) + "…",
                clock.now());
        synchronized (recent) {
            recent.addLast(entry);
            if (recent.size() > ErrorReport.RECENT) {
                recent.removeFirst();
            }
        }
    }

    /** Notes an alert that was raised. */
    public void raised(Alert alert) {
        synchronized (alerts) {
            alerts.addLast(alert);
            if (alerts.size() > ErrorReport.ALERTS) {
                alerts.removeFirst();
            }
        }
    }

    /** Sets the numbers of the present window. */
    public void window(long calls, long failures) {
        windowCalls = calls;
        windowFailures = failures;
    }

    /** Returns the calls that were not accepted. */
    public long refused() {
        return refused.sum();
    }

    /** Returns the accepted calls that were cancelled. */
    public long cancelled() {
        return cancelled.sum();
    }

    /** Returns everything. */
    public ErrorReport report() {
        Map<ErrorCategory, Long> categories = new EnumMap<>(ErrorCategory.class);
        for (ErrorCategory category : ErrorCategory.values()) {
            put(categories, category, byCategory.get(category.ordinal()));
        }
        Map<Severity, Long> severities = new EnumMap<>(Severity.class);
        for (Severity severity : Severity.values()) {
            put(severities, severity, bySeverity.get(severity.ordinal()));
        }
        List<RecentError> lastErrors;
        synchronized (recent) {
            lastErrors = List.copyOf(recent);
        }
        List<Alert> lastAlerts;
        synchronized (alerts) {
            lastAlerts = List.copyOf(alerts);
        }
        return new ErrorReport(windowCalls, windowFailures, categories, severities, lastErrors, lastAlerts);
    }

    private static <K> void put(Map<K, Long> counts, K key, long count) {
        if (count > 0) {
            counts.put(key, count);
        }
    }
}
