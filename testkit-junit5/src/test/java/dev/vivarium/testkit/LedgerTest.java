package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.CallOutcome;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;
import dev.vivarium.testkit.Ledger.Problem;
import dev.vivarium.testkit.internal.ExecutionLog;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the ledger makes of outcomes, without a pool. */
class LedgerTest {

    @TempDir
    private Path folder;

    private Ledger ledger = new Ledger(new ExecutionLog(Path.of("none")), Set.of());

    @BeforeEach
    void open() {
        ledger = new Ledger(new ExecutionLog(folder.resolve("record")), Set.of("price"));
    }

    @Nested
    class AnExceptionOfAHandlerThatKeepsTheRecordAndDidNot {

        private void raised(String type) {
            ErrorBody error = new ErrorBody(
                    ErrorKind.HANDLER, Execution.RAN, type, "not that way", List.of(), List.of(), List.of(), null);
            ledger.enter(
                    PythonCall.to("price").returning(String.class),
                    new CallOutcome.Failed<>(1, new PythonException(error), 1));
        }

        @Test
        void isFineWhereItsArgumentsMayNotHaveFitted() {
            raised("TypeError");

            assertThat(ledger.report().findings()).isEmpty();
        }

        @Test
        void isMisreportedWhereTheHandlerMustHaveRunToRaiseIt() {
            raised("ValueError");

            assertThat(ledger.report().findings())
                    .extracting(Ledger.Finding::problem)
                    .containsExactly(Problem.MISREPORTED);
        }
    }
}
