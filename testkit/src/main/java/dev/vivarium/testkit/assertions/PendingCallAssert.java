package dev.vivarium.testkit.assertions;

import dev.vivarium.CallOutcome;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolException;
import dev.vivarium.testkit.Patience;
import dev.vivarium.testkit.TestPool;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Assertions about a call on its way. All but {@link #isPending()} and {@link #isDone()} wait for its end.
 *
 * @param <T> the type of the call's result
 */
public final class PendingCallAssert<T> extends AbstractCallAssert<PendingCallAssert<T>, PendingCall<T>, T> {

    private @Nullable TestPool passing;

    PendingCallAssert(PendingCall<T> actual) {
        super(actual, PendingCallAssert.class);
    }

    /** Moves the virtual time of a test's pool on while it waits for the call, as {@link TestPool#outcome} does. */
    public PendingCallAssert<T> passingTimeOf(TestPool kit) {
        passing = kit;
        return this;
    }

    /** The call has not ended. */
    public PendingCallAssert<T> isPending() {
        isNotNull();
        if (actual.isDone()) {
            throw failure("call %s should be pending, and has ended: %s", actual.id(), ended());
        }
        return this;
    }

    /** The call has ended, well or not. */
    public PendingCallAssert<T> isDone() {
        isNotNull();
        if (!actual.isDone()) {
            throw failure(
                    "call %s should have ended, and is pending after %s attempts", actual.id(), actual.attempts());
        }
        return this;
    }

    @Override
    CallOutcome<T> ended() {
        isNotNull();
        TestPool kit = passing;
        Duration patience = Patience.LIMIT;
        try {
            if (kit != null) {
                kit.passTimeUntil("ended: call " + actual.id(), actual::isDone);
            }
            T value = actual.await(patience);
            return new CallOutcome.Succeeded<>(
                    actual.id(), value, actual.attempts(), actual.timeline().orElse(null));
        } catch (PoolException error) {
            return new CallOutcome.Failed<>(actual.id(), error, actual.attempts());
        } catch (TimeoutException e) {
            AssertionError failure = failure(
                    "call %s has not ended after %s s and %s attempts; if it waits for virtual time, say passingTimeOf(kit)",
                    actual.id(), patience.toSeconds(), actual.attempts());
            failure.addSuppressed(e);
            throw failure;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure("interrupted while waiting for call %s", actual.id());
        }
    }
}
