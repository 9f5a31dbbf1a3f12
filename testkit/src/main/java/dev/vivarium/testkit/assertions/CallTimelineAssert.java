package dev.vivarium.testkit.assertions;

import dev.vivarium.CallTimeline;
import dev.vivarium.CallTimeline.Attempt;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.AbstractAssert;
import org.assertj.core.api.AbstractDurationAssert;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;

/** Assertions about what happened to a call and when. */
public final class CallTimelineAssert extends AbstractAssert<CallTimelineAssert, CallTimeline> {

    CallTimelineAssert(CallTimeline actual) {
        super(actual, CallTimelineAssert.class);
    }

    /** The call had so many workers, one after the other. */
    public CallTimelineAssert attempts(int expected) {
        isNotNull();
        if (actual.attempts().size() != expected) {
            throw failure(
                    "the call should have had %s attempts, and had %s: %s",
                    expected, actual.attempts().size(), actual);
        }
        return this;
    }

    /** Whatever is known happened in order: queued, then leased, sent, started, replied in each attempt, then ended. */
    public CallTimelineAssert isInOrder() {
        isNotNull();
        List<Instant> known = new ArrayList<>();
        known.add(actual.queued());
        for (Attempt attempt : actual.attempts()) {
            known.add(attempt.leased());
            addIfKnown(known, attempt.sent());
            addIfKnown(known, attempt.started());
            addIfKnown(known, attempt.replied());
        }
        addIfKnown(known, actual.ended());
        for (int i = 1; i < known.size(); i++) {
            if (known.get(i).isBefore(known.get(i - 1))) {
                throw failure("%s comes after %s in %s", known.get(i), known.get(i - 1), actual);
            }
        }
        return this;
    }

    private static void addIfKnown(List<Instant> known, @Nullable Instant instant) {
        if (instant != null) {
            known.add(instant);
        }
    }

    /** The call ended before it had a worker. */
    public CallTimelineAssert neverHadAWorker() {
        return attempts(0);
    }

    /** The handler is known to have started in the last attempt. */
    public CallTimelineAssert started() {
        isNotNull();
        List<Attempt> attempts = actual.attempts();
        if (attempts.isEmpty() || attempts.get(attempts.size() - 1).started() == null) {
            throw failure("the handler should have started in the last attempt of %s", actual);
        }
        return this;
    }

    /** The call had a worker; goes on with assertions about how long it waited for the first. */
    public AbstractDurationAssert<?> queueWait() {
        isNotNull();
        Duration waited = actual.queueWait().orElse(null);
        if (waited == null) {
            throw failure("the call should have had a worker: %s", actual);
        }
        return Assertions.assertThat(Objects.requireNonNull(waited));
    }

    /** The call has ended; goes on with assertions about how long it took. */
    public AbstractDurationAssert<?> total() {
        isNotNull();
        Duration total = actual.total().orElse(null);
        if (total == null) {
            throw failure("the call should have ended: %s", actual);
        }
        return Assertions.assertThat(Objects.requireNonNull(total));
    }
}
