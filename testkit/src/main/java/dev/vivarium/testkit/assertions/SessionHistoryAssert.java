package dev.vivarium.testkit.assertions;

import dev.vivarium.testkit.SessionHistory;
import java.util.List;
import java.util.stream.Collectors;
import org.assertj.core.api.AbstractAssert;

/** Assertions about what callers of sessions were told. */
public final class SessionHistoryAssert extends AbstractAssert<SessionHistoryAssert, SessionHistory> {

    SessionHistoryAssert(SessionHistory actual) {
        super(actual, SessionHistoryAssert.class);
    }

    /** All of it can have happened: no increment was lost or doubled, and nobody read what was over or yet to come. */
    public SessionHistoryAssert isConsistent() {
        isNotNull();
        List<SessionHistory.Finding> findings = actual.check();
        if (!findings.isEmpty()) {
            throw failure(
                    "this cannot have happened in %s operations:%s",
                    actual.size(),
                    findings.stream().map(finding -> "\n  " + finding).collect(Collectors.joining()));
        }
        return this;
    }
}
