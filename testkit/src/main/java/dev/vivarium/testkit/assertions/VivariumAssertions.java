package dev.vivarium.testkit.assertions;

import dev.vivarium.CallOutcome;
import dev.vivarium.CallTimeline;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonPool;
import dev.vivarium.SessionCounts;
import dev.vivarium.testkit.EventRecorder;
import dev.vivarium.testkit.Ledger;
import dev.vivarium.testkit.SessionHistory;
import java.util.Collection;

/**
 * Where assertions begin. Its {@code assertThat} can be imported beside that of AssertJ:
 *
 * <pre>{@code
 * import static dev.vivarium.testkit.assertions.VivariumAssertions.assertThat;
 * import static org.assertj.core.api.Assertions.assertThat;
 *
 * assertThat(call).failedWith(WorkerCrashed.class).execution(Execution.UNKNOWN);
 * }</pre>
 */
public final class VivariumAssertions {

    private VivariumAssertions() {}

    /**
     * Begins assertions about a call. Those about its end wait for it, at most for the kit's patience; none of them moves virtual
     * time, unless {@link PendingCallAssert#passingTimeOf} says so.
     */
    public static <T> PendingCallAssert<T> assertThat(PendingCall<T> call) {
        return new PendingCallAssert<>(call);
    }

    /** Begins assertions about how a call ended. */
    public static <T> CallOutcomeAssert<T> assertThat(CallOutcome<T> outcome) {
        return new CallOutcomeAssert<>(outcome);
    }

    /** Begins assertions about an error. */
    public static <E extends PoolException> PoolExceptionAssert<E> assertThat(E error) {
        return new PoolExceptionAssert<>(error);
    }

    /** Begins assertions about what happened to a call and when. */
    public static CallTimelineAssert assertThat(CallTimeline timeline) {
        return new CallTimelineAssert(timeline);
    }

    /** Begins assertions about a pool as it was at a moment. */
    public static PoolSnapshotAssert assertThat(PoolSnapshot snapshot) {
        return new PoolSnapshotAssert(snapshot);
    }

    /** Begins assertions about a pool as it is at this moment. */
    public static PoolSnapshotAssert assertThat(PythonPool pool) {
        return new PoolSnapshotAssert(pool.snapshot());
    }

    /** Begins assertions about what has become of sessions. */
    public static SessionCountsAssert assertThat(SessionCounts counts) {
        return new SessionCountsAssert(counts);
    }

    /** Begins assertions about what callers of sessions were told. */
    public static SessionHistoryAssert assertThat(SessionHistory history) {
        return new SessionHistoryAssert(history);
    }

    /** Begins assertions about the events so far. They wait for nothing; the recorder does. */
    public static PoolEventsAssert assertThat(EventRecorder events) {
        return new PoolEventsAssert(events.all());
    }

    /** Begins assertions about events that are in a collection. Not {@code assertThat}: that is AssertJ's for collections. */
    public static PoolEventsAssert assertThatEvents(Collection<? extends PoolEvent> events) {
        return new PoolEventsAssert(events.stream().map(PoolEvent.class::cast).toList());
    }

    /** Begins assertions about the books of a test. */
    public static LedgerAssert assertThat(Ledger ledger) {
        return new LedgerAssert(ledger);
    }
}
