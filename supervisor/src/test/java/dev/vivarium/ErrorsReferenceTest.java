package dev.vivarium;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.internal.core.FailureTable;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The tables of docs/reference/errors.md are true, and the tests that they name are there. */
class ErrorsReferenceTest {

    private static final Path PAGE = Path.of("../docs/reference/errors.md");
    private static final Pattern NAMED = Pattern.compile("\\[`(\\w+)`]\\(([^)]+)\\) `(\\w+)`");
    private static final int ALONE = 1;
    private static final int TOO_OFTEN = 4;

    private static final PoolSnapshot POOL = new PoolSnapshot(
            "p",
            PoolState.SERVING,
            1,
            0,
            Duration.ZERO,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            new LadderCounts(0, 0, 0, 0),
            SessionCounts.NONE,
            List.of(),
            List.of());

    /** One of each type but {@link WorkerCrashed}, whose facts are those of its cause. */
    private static final List<PoolException> ERRORS = List.of(
            new ArgumentsNotEncodable("", null),
            new CallCancelled(Execution.NOT_STARTED, List.of(), ""),
            new CallRejected(""),
            new CallTimedOut(Execution.UNKNOWN, Duration.ofSeconds(1), POOL, List.of(), "", ""),
            new CallStalled(Execution.UNKNOWN, new WorkerId("p", 1), 1, Duration.ofSeconds(1), 1, List.of(), ""),
            new CircuitOpen(new Circuit("p", null), Duration.ZERO, ""),
            new InvalidPoolConfig(List.of("")),
            new PoisonCall(Execution.UNKNOWN, 3, List.of(), ""),
            new PoolClosed(Execution.NOT_STARTED, List.of(), ""),
            new PoolDisabled("", null),
            new PoolNotFound("p", "s", List.of()),
            new PoolSaturated(1, POOL),
            new PoolStartFailed(PoolStartFailed.Reason.NO_USABLE_PYTHON, "", null),
            new PythonException(
                    new ErrorBody(ErrorKind.HANDLER, Execution.RAN, "E", "", List.of(), List.of(), List.of(), null)),
            new ResultNotDecodable("", null),
            new SessionBusy("s", List.of(), ""),
            new SessionConflict("s", List.of(), ""),
            new SessionLost("s", 1, List.of(), "", null),
            new SessionRefused("s", SessionRefused.Reason.BINDINGS, 1, Execution.NOT_STARTED, List.of(), ""),
            new SessionStoreFailed("s", Execution.RAN, List.of(), "", null),
            new SettingRefused(SettingRefused.Reason.COUNT, 1, ""),
            new SharedMemoryExhausted(Execution.NOT_STARTED, 2, 1, "", null));

    /** Returns the cells of the rows of a table, by the first, which is a name in code. */
    private static Map<String, List<String>> table(String header) throws IOException {
        Map<String, List<String>> rows = new LinkedHashMap<>();
        List<String> lines = Files.readAllLines(PAGE);
        int at = lines.indexOf(header);
        assertThat(at).as(header).isNotNegative();
        for (int i = at + 2; i < lines.size() && lines.get(i).startsWith("|"); i++) {
            String[] cells = lines.get(i).substring(1).split(" \\| |\\|", -1);
            rows.put(
                    cells[0].strip().replace("`", ""),
                    Arrays.stream(cells).map(String::strip).toList());
        }
        return rows;
    }

    private static Map<String, List<String>> errors() throws IOException {
        return table("| error | category | severity | strategy | execution | when | carries | raised for real by |");
    }

    private static Map<String, List<String>> causes() throws IOException {
        return table("| cause | category | severity | strategy | raised for real by |");
    }

    @Test
    void everyTypeHasItsRow() throws IOException {
        assertThat(errors().keySet())
                .containsExactlyInAnyOrderElementsOf(
                        types(PoolException.class).map(Class::getSimpleName).toList());
    }

    private static Stream<Class<?>> types(Class<?> type) {
        return type.isSealed()
                ? Arrays.stream(type.getPermittedSubclasses()).flatMap(ErrorsReferenceTest::types)
                : Stream.of(type);
    }

    @Test
    void everyTypeIsWhatItsRowSays() throws IOException {
        Map<String, List<String>> rows = errors();

        assertThat(ERRORS).hasSize((int) types(PoolException.class).count() - 1).allSatisfy(error -> {
            List<String> row = rows.get(error.getClass().getSimpleName());
            assertThat(row.subList(1, 4))
                    .as(error.getClass().getSimpleName())
                    .containsExactly(
                            error.category().name(),
                            error.severity().name(),
                            error.strategy().name());
        });
    }

    @Test
    void everyCauseIsWhatItsRowSays() throws IOException {
        assertThat(causes()).hasSizeGreaterThan(8).allSatisfy((name, row) -> {
            TransitionCause cause = TransitionCause.valueOf(name);
            FailureTable.Failure once = FailureTable.of(cause, ALONE);
            FailureTable.Failure often = FailureTable.of(cause, TOO_OFTEN);
            String strategies = once.within()
                    ? once.strategy() + " / " + often.strategy()
                    : once.strategy().name();
            assertThat(row.subList(1, 4))
                    .as(name)
                    .containsExactly(once.category().name(), once.severity().name(), strategies);
        });
    }

    @Test
    void everyTestThatIsNamedIsThereAndRunsForReal() throws IOException {
        String page = Files.readString(PAGE);
        Matcher named = NAMED.matcher(page);
        int count = 0;
        while (named.find()) {
            Path file = PAGE.resolveSibling(named.group(2));
            assertThat(file).hasFileName(named.group(1) + ".java");
            String source = Files.readString(file);
            assertThat(source).as(named.group()).contains("void " + named.group(3) + "(");
            // The configuration needs no worker.
            assertThat(source.contains("Layer.PYTHON") || named.group(1).equals("PoolConfigTest"))
                    .as(named.group())
                    .isTrue();
            count++;
        }

        int rows = errors().size() + causes().size();
        assertThat(count).isGreaterThanOrEqualTo(rows - 1); // OUT_OF_MEMORY has none.
    }
}
