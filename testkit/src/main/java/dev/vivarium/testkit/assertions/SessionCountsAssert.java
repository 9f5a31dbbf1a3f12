package dev.vivarium.testkit.assertions;

import dev.vivarium.SessionCounts;
import org.assertj.core.api.AbstractAssert;

/** Assertions about what has become of sessions. */
public final class SessionCountsAssert extends AbstractAssert<SessionCountsAssert, SessionCounts> {

    SessionCountsAssert(SessionCounts actual) {
        super(actual, SessionCountsAssert.class);
    }

    private SessionCountsAssert check(String what, long expected, long is) {
        if (expected != is) {
            throw failureWithActualExpected(
                    is, expected, "%s should be %s, and are %s, in %s", what, expected, is, actual);
        }
        return this;
    }

    /** How many sessions are with a worker, or have calls. */
    public SessionCountsAssert bindings(long expected) {
        isNotNull();
        return check("bindings", expected, actual.bindings());
    }

    /** How often a session went from one worker process to another. */
    public SessionCountsAssert rebinds(long expected) {
        isNotNull();
        return check("rebinds", expected, actual.rebinds());
    }

    /** How often a caller was told that something of a session is lost. */
    public SessionCountsAssert lost(long expected) {
        isNotNull();
        return check("losses", expected, actual.lost());
    }

    /** How many calls had their changes dropped because others had come first. */
    public SessionCountsAssert conflicts(long expected) {
        isNotNull();
        return check("conflicts", expected, actual.conflicts());
    }

    /** How many bindings ended because they were not used. */
    public SessionCountsAssert expired(long expected) {
        isNotNull();
        return check("expired bindings", expected, actual.expired());
    }

    /** How many calls were answered from the answers kept for idempotency keys. */
    public SessionCountsAssert replayed(long expected) {
        isNotNull();
        return check("replayed calls", expected, actual.replayed());
    }
}
