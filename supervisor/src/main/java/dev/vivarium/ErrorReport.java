package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What went wrong in a pool.
 *
 * @param calls calls that ended or were refused within the window of {@link AlertPolicy#window()}
 * @param failed those of them that failed; cancelled ones are neither here nor among the calls
 * @param byCategory failed and refused calls since the start; categories without any are left out
 * @param bySeverity the same by severity
 * @param recent the last errors, oldest first, at most {@link #RECENT}
 * @param alerts the last alerts, oldest first, at most {@link #ALERTS}
 */
public record ErrorReport(
        long calls,
        long failed,
        Map<ErrorCategory, Long> byCategory,
        Map<Severity, Long> bySeverity,
        List<RecentError> recent,
        List<Alert> alerts) {

    /** How many errors are kept. */
    public static final int RECENT = 10;

    /** How many alerts are kept. */
    public static final int ALERTS = 50;

    /**
     * One error.
     *
     * @param handler the handler that was called
     * @param type the simple name of the exception's class
     * @param message its message, cut after 500 characters
     */
    public record RecentError(
            String handler,
            String type,
            ErrorCategory category,
            Severity severity,
            Execution execution,
            String message,
            Instant at) {}

    /** Copies everything. */
    public ErrorReport {
        byCategory = Map.copyOf(byCategory);
        bySeverity = Map.copyOf(bySeverity);
        recent = List.copyOf(recent);
        alerts = List.copyOf(alerts);
    }

    /** Returns the share of failed calls within the window, 0 when there were no calls. */
    public double rate() {
        return calls == 0 ? 0 : (double) failed / calls;
    }
}
