package dev.vivarium.testkit.assertions;

import dev.vivarium.CallOutcome;
import dev.vivarium.CallTimeline;
import dev.vivarium.PoolException;
import java.util.Objects;
import org.assertj.core.api.AbstractAssert;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ObjectAssert;
import org.jspecify.annotations.Nullable;

/**
 * What can be asserted of a call that has ended.
 *
 * @param <S> the assertions' own type
 * @param <A> what they are about
 * @param <T> the type of the call's result
 */
public abstract class AbstractCallAssert<S extends AbstractCallAssert<S, A, T>, A, T> extends AbstractAssert<S, A> {

    AbstractCallAssert(A actual, Class<?> self) {
        super(actual, self);
    }

    /** Returns how the call ended. */
    abstract CallOutcome<T> ended();

    /** The call ended with a result, whatever it is. */
    public S succeeded() {
        var unused = success();
        return myself;
    }

    /** The call ended with this result; null is {@code None}. */
    public S succeededWith(@Nullable T expected) {
        CallOutcome.Succeeded<T> success = success();
        if (!Objects.equals(success.value(), expected)) {
            throw failureWithActualExpected(
                    success.value(),
                    expected,
                    "call %s should have succeeded with <%s>, and did with <%s>",
                    success.callId(),
                    expected,
                    success.value());
        }
        return myself;
    }

    /** The call ended with a result; goes on with assertions about it. */
    public ObjectAssert<T> result() {
        return Assertions.assertThat(success().value());
    }

    private CallOutcome.Succeeded<T> success() {
        CallOutcome<T> outcome = ended();
        if (outcome instanceof CallOutcome.Failed<T> failed) {
            throw because(
                    failed.error(),
                    "call %s should have succeeded, and failed with %s",
                    outcome.callId(),
                    failed.error());
        }
        return (CallOutcome.Succeeded<T>) outcome;
    }

    /**
     * The call ended with an error of this type; goes on with assertions about it.
     *
     * @param type the error's class, or one that it extends
     */
    public <E extends PoolException> PoolExceptionAssert<E> failedWith(Class<E> type) {
        CallOutcome<T> outcome = ended();
        if (outcome instanceof CallOutcome.Succeeded<T> success) {
            throw failure(
                    "call %s should have failed with %s, and succeeded with <%s>",
                    outcome.callId(), type.getSimpleName(), success.value());
        }
        PoolException error = ((CallOutcome.Failed<T>) outcome).error();
        if (!type.isInstance(error)) {
            throw because(
                    error,
                    "call %s should have failed with %s, and did with %s",
                    outcome.callId(),
                    type.getSimpleName(),
                    error);
        }
        return new PoolExceptionAssert<>(type.cast(error));
    }

    /** The call had been sent to a worker so many times when it ended; 0 means never. */
    public S attempts(int expected) {
        CallOutcome<T> outcome = ended();
        int attempts = outcome instanceof CallOutcome.Succeeded<T> success
                ? success.attempts()
                : ((CallOutcome.Failed<T>) outcome).attempts();
        if (attempts != expected) {
            throw failure(
                    "call %s should have had %s attempts, and had %s: %s",
                    outcome.callId(), expected, attempts, outcome);
        }
        return myself;
    }

    /** The call was timed; goes on with assertions about what happened to it and when. */
    public CallTimelineAssert timeline() {
        CallOutcome<T> outcome = ended();
        CallTimeline timeline = outcome.timeline();
        if (timeline == null) {
            throw failure("call %s has no timeline: PythonCall.timed() asks for one", outcome.callId());
        }
        return new CallTimelineAssert(timeline);
    }

    /** The failure of an assertion shows the call's own error too, for whoever explains it. */
    private AssertionError because(PoolException error, String message, Object... arguments) {
        AssertionError failure = failure(message, arguments);
        failure.addSuppressed(error);
        return failure;
    }
}
