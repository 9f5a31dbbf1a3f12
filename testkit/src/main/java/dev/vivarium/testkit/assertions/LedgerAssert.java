package dev.vivarium.testkit.assertions;

import dev.vivarium.testkit.Ledger;
import org.assertj.core.api.AbstractAssert;

/** Assertions about the books of a test. To be made when every call should have ended. */
public final class LedgerAssert extends AbstractAssert<LedgerAssert, Ledger> {

    LedgerAssert(Ledger actual) {
        super(actual, LedgerAssert.class);
    }

    /** No call was lost, doubled, answered with another's result or misreported. */
    public LedgerAssert balances() {
        isNotNull();
        Ledger.Report report = actual.report();
        if (!report.findings().isEmpty()) {
            throw failure("the books should balance, and do not: %s", report);
        }
        return this;
    }

    /** So many calls were made. */
    public LedgerAssert calls(int expected) {
        isNotNull();
        Ledger.Report report = actual.report();
        if (report.calls() != expected) {
            throw failure(
                    "there should be %s calls in the books, and there are %s: %s", expected, report.calls(), report);
        }
        return this;
    }

    /** Handlers that keep the record were started so many times. */
    public LedgerAssert executions(int expected) {
        isNotNull();
        Ledger.Report report = actual.report();
        if (report.executions() != expected) {
            throw failure(
                    "there should be %s executions in the books, and there are %s: %s",
                    expected, report.executions(), report);
        }
        return this;
    }
}
