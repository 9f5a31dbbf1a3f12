package dev.vivarium.testkit.assertions;

import dev.vivarium.CallAttempt;
import dev.vivarium.ErrorCategory;
import dev.vivarium.PoolException;
import dev.vivarium.PythonException;
import dev.vivarium.SessionException;
import dev.vivarium.Severity;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerExit;
import dev.vivarium.protocol.Execution;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.AbstractThrowableAssert;

/**
 * Assertions about an error of a pool or a call, on top of AssertJ's own for exceptions.
 *
 * @param <E> the error's type
 */
public final class PoolExceptionAssert<E extends PoolException>
        extends AbstractThrowableAssert<PoolExceptionAssert<E>, E> {

    PoolExceptionAssert(E actual) {
        super(actual, PoolExceptionAssert.class);
    }

    private void check(String what, Object expected, Object is) {
        if (!Objects.equals(expected, is)) {
            AssertionError failure = failureWithActualExpected(
                    is, expected, "%s should be <%s>, and is <%s>, of %s", what, expected, is, actual);
            failure.addSuppressed(actual);
            throw failure;
        }
    }

    /** What is known about whether the handler ran. */
    public PoolExceptionAssert<E> execution(Execution expected) {
        isNotNull();
        check("execution", expected, actual.execution());
        return this;
    }

    /** What the error is about. */
    public PoolExceptionAssert<E> category(ErrorCategory expected) {
        isNotNull();
        check("category", expected, actual.category());
        return this;
    }

    /** How bad it is. */
    public PoolExceptionAssert<E> severity(Severity expected) {
        isNotNull();
        check("severity", expected, actual.severity());
        return this;
    }

    /** The causes of the attempts that came to nothing, oldest first; none means that there was no such attempt. */
    public PoolExceptionAssert<E> attemptsEndedBy(TransitionCause... expected) {
        isNotNull();
        List<TransitionCause> causes =
                actual.attempts().stream().map(CallAttempt::cause).toList();
        check("the causes of the attempts", Arrays.asList(expected), causes);
        return this;
    }

    /** Why the worker ended, of a {@link WorkerCrashed}. */
    public PoolExceptionAssert<E> workerEndedBy(TransitionCause expected) {
        check("the cause of the worker's end", expected, exit().cause());
        return this;
    }

    /** The signal that ended the worker, of a {@link WorkerCrashed}; 0 for none. */
    public PoolExceptionAssert<E> workerEndedBySignal(int number) {
        check("the signal that ended the worker", number, exit().signal());
        return this;
    }

    private WorkerExit exit() {
        isInstanceOf(WorkerCrashed.class);
        return ((WorkerCrashed) (PoolException) actual).exit();
    }

    /** The qualified name of what the handler raised, of a {@link PythonException}. */
    public PoolExceptionAssert<E> pythonType(String expected) {
        isInstanceOf(PythonException.class);
        check("the type of the Python exception", expected, ((PythonException) (PoolException) actual).pythonType());
        return this;
    }

    /** The session, of a {@link SessionException}. */
    public PoolExceptionAssert<E> session(String expected) {
        isInstanceOf(SessionException.class);
        check("the session", expected, ((SessionException) (PoolException) actual).session());
        return this;
    }
}
