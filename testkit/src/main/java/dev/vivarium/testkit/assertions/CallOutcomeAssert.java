package dev.vivarium.testkit.assertions;

import dev.vivarium.CallOutcome;

/**
 * Assertions about how a call ended.
 *
 * @param <T> the type of the call's result
 */
public final class CallOutcomeAssert<T> extends AbstractCallAssert<CallOutcomeAssert<T>, CallOutcome<T>, T> {

    CallOutcomeAssert(CallOutcome<T> actual) {
        super(actual, CallOutcomeAssert.class);
    }

    @Override
    CallOutcome<T> ended() {
        isNotNull();
        return actual;
    }
}
