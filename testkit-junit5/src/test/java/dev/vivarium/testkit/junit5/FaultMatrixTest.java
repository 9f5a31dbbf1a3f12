package dev.vivarium.testkit.junit5;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.PendingCall;
import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import dev.vivarium.TransitionCause;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.FaultLease;
import dev.vivarium.testkit.FaultNotPossible;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Ledger;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestPoolSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every kind of fault at every moment on every layer: it lands once or is refused, the call ends as the page of faults says, on
 * all layers alike, the pool answers the next call, and the books and the audit find nothing.
 */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        time = VivariumTest.Time.VIRTUAL,
        workers = 1,
        options = {
            "profile = PLAIN",
            "with-safeguards = [retries]",
            "cancel-grace = 100ms",
            "terminate-grace = 0s",
            "min-backoff = 10ms",
            "max-backoff = 10ms"
        },
        expectWarnings = {
            "was killed from outside by",
            "crashed with SIGSEGV",
            ".stderr: ",
            "exited with status",
            "broke the protocol",
            "closed one of its channels",
            "did not"
        })
class FaultMatrixTest {

    private static final Path PAGE = Path.of("../docs/reference/faults.md");

    private static final String IMPOSSIBLE = "–";
    private static final String REPLACED = " ↻";
    private static final String RUNS_TWICE = "runs twice" + REPLACED;
    private static final String ON_FAKE = " (FAKE)";

    private static final Duration FOR_EVER = Duration.ofHours(1);
    private static final Duration LIMIT = Duration.ofSeconds(30);

    /** The faults under the names that the page has for them. */
    private static final Map<String, Fault> FAULTS = faults();

    private static Map<String, Fault> faults() {
        Map<String, Fault> faults = new LinkedHashMap<>();
        faults.put("Signalled(KILL)", new Fault.Signalled(9));
        faults.put("Signalled(SEGV)", new Fault.Signalled(11));
        faults.put("Signalled(STOP)", new Fault.Signalled(19));
        faults.put("Exited(3)", new Fault.Exited(3));
        faults.put("Hung", new Fault.Hung());
        faults.put("Ballooned", new Fault.Ballooned(1 << 20));
        faults.put("Opened", new Fault.Opened(5));
        faults.put("Delayed", new Fault.Delayed(Duration.ofMillis(5)));
        faults.put("Sliced", new Fault.Sliced(5, FOR_EVER));
        faults.put("Throttled", new Fault.Throttled(1));
        faults.put("Partitioned(to worker)", new Fault.Partitioned(true, false));
        faults.put("Partitioned(to JVM)", new Fault.Partitioned(false, true));
        faults.put("Partitioned(both)", new Fault.Partitioned(true, true));
        faults.put("Corrupted", new Fault.Corrupted());
        faults.put("Duplicated", new Fault.Duplicated());
        faults.put("Reordered", new Fault.Reordered());
        faults.put("Oversized", new Fault.Oversized());
        faults.put("Truncated", new Fault.Truncated());
        faults.put("Dropped", new Fault.Dropped());
        faults.put("Misaddressed", new Fault.Misaddressed());
        faults.put("Crossed", new Fault.Crossed());
        faults.put("Belated", new Fault.Belated());
        faults.put("Forged", new Fault.Forged());
        return faults;
    }

    /** What has a moment come, and how it ended for whoever made it: of a call the result's or the error's name. */
    private interface Occasion {
        String ends(FaultLease lease) throws Exception;
    }

    private static PythonCall<Object> call() {
        return PythonCall.to("retry_after")
                .args(0, 0.0)
                .timeout(LIMIT)
                .maxRetries(0)
                .retrySafe()
                .returning(Object.class);
    }

    private static boolean loses(Fault fault) {
        return fault instanceof Fault.Dropped || fault instanceof Fault.Reordered;
    }

    /** Waits for the fault, and ends it: what is lost by the time that this takes to be noticed. */
    private static void end(TestPool kit, FaultLease lease) throws InterruptedException {
        kit.passTimeUntil("landed: " + lease, () -> lease.landed() == 1);
        if (loses(lease.fault())) {
            kit.time().advance(LIMIT);
        } else {
            lease.heal();
        }
    }

    private static String endOf(TestPool kit, FaultLease lease, PendingCall<?> call) throws InterruptedException {
        end(kit, lease);
        try {
            Object result = kit.outcome(call);
            return "forged".equals(result) ? "forged" : "answered";
        } catch (PoolException failed) {
            return failed.getClass().getSimpleName();
        }
    }

    /** Arms each fault, one after the other, and compares how each ended with what the page has under that moment. */
    private static void asThePageSays(TestPool kit, FaultInjector faults, Moment moment, Occasion occasion)
            throws Exception {
        Map<String, String> expected = page(moment, kit.layer());
        Map<String, String> ends = new TreeMap<>();
        for (Map.Entry<String, Fault> fault : FAULTS.entrySet()) {
            if (!RUNS_TWICE.equals(expected.get(fault.getKey()))) { // The books would not balance.
                boolean replaced = expected.getOrDefault(fault.getKey(), "").endsWith(REPLACED);
                ends.put(fault.getKey(), cell(kit, faults, moment, fault.getValue(), occasion, replaced));
            }
        }
        expected.values().remove(RUNS_TWICE);
        assertThat(ends).isEqualTo(expected);
    }

    private static String cell(
            TestPool kit, FaultInjector faults, Moment moment, Fault fault, Occasion occasion, boolean replaced)
            throws Exception {
        FaultLease lease;
        try {
            lease = faults.at(moment).inSlot(1).ttl(Duration.ofDays(1)).arm(fault);
        } catch (FaultNotPossible refused) {
            return IMPOSSIBLE;
        }
        int before = kit.worker(1).snapshot().incarnation() + (isOfTheStart(moment) ? 1 : 0);
        String end;
        try (lease) {
            end = occasion.ends(lease);
        }
        answersTheNextCall(kit, lease);
        assertThat(lease.landed()).isEqualTo(1);
        if (replaced) { // The next call may have been answered by a worker that the pool has not yet found out.
            kit.passTimeUntil(
                    "replaced, after " + lease, () -> kit.worker(1).snapshot().incarnation() > before);
            answersTheNextCall(kit, lease);
        }
        return end + (kit.worker(1).snapshot().incarnation() == before ? "" : REPLACED);
    }

    private static void answersTheNextCall(TestPool kit, FaultLease after) throws InterruptedException {
        assertThat(kit.outcome(kit.pool().call(call().maxRetries(3))))
                .as("after %s", after)
                .isIn(1, 2);
    }

    private static boolean isOfTheStart(Moment moment) {
        return moment == Moment.MID_HANDSHAKE || moment == Moment.MID_LOAD;
    }

    /** Returns the page's column of a moment, as it holds for a layer. */
    private static Map<String, String> page(Moment moment, Layer layer) throws IOException {
        List<List<String>> rows = Files.readAllLines(PAGE).stream()
                .filter(line -> line.startsWith("|") && !line.startsWith("|--"))
                .map(line -> Stream.of(line.split("\\|", -1)).map(String::strip).toList())
                .toList();
        int column = rows.get(0).indexOf("`" + moment + "`");
        Map<String, String> cells = new TreeMap<>();
        for (List<String> row : rows.subList(1, rows.size())) {
            String cell = row.get(column);
            boolean possible = row.get(2).equals("all") || row.get(2).contains(layer.toString());
            if (cell.endsWith(ON_FAKE)) {
                possible = layer == Layer.FAKE;
                cell = cell.substring(0, cell.length() - ON_FAKE.length());
            }
            cells.put(row.get(1).replace("`", ""), possible ? cell : IMPOSSIBLE);
        }
        return cells;
    }

    private static Occasion aCall(TestPool kit) {
        return lease -> endOf(kit, lease, kit.pool().call(call()));
    }

    @VivariumTest
    void beforeACallIsSent(TestPool kit, FaultInjector faults) throws Exception {
        asThePageSays(kit, faults, Moment.BEFORE_SEND, aCall(kit));
    }

    @VivariumTest
    void afterACallIsSent(TestPool kit, FaultInjector faults) throws Exception {
        asThePageSays(kit, faults, Moment.AFTER_SEND, aCall(kit));
    }

    @VivariumTest
    void whenAHandlerHasStarted(TestPool kit, FaultInjector faults) throws Exception {
        asThePageSays(kit, faults, Moment.STARTED, aCall(kit));
    }

    @VivariumTest
    void whenAHandlerHasFinished(TestPool kit, FaultInjector faults) throws Exception {
        asThePageSays(kit, faults, Moment.EXECUTED, aCall(kit));
    }

    @VivariumTest
    void whenAnItemOfAStreamIsOnItsWay(TestPool kit, FaultInjector faults) throws Exception {
        asThePageSays(
                kit,
                faults,
                Moment.STREAMED,
                lease -> endOf(
                        kit,
                        lease,
                        kit.pool().stream("items", Integer.class, 50)
                                .to(Sink.ignore())
                                .run(kit.actors().system())));
    }

    @VivariumTest(
            options = {"with-safeguards = [retries, health-checks]", "health-interval = 50ms", "health-timeout = 2s"})
    void whenAHealthCheckIsOnItsWay(TestPool kit, FaultInjector faults) throws Exception {
        asThePageSays(kit, faults, Moment.CHECKED, lease -> {
            end(kit, lease);
            return "overcome";
        });
    }

    private static Occasion aStart(TestPool kit) {
        return lease -> {
            kit.worker(1).kill();
            end(kit, lease);
            return "overcome";
        };
    }

    @VivariumTest
    void inTheHandshake(TestPool kit, FaultInjector faults) throws Exception {
        asThePageSays(kit, faults, Moment.MID_HANDSHAKE, aStart(kit));
    }

    @VivariumTest(options = "load-timeout = 20s")
    void whileHandlersAreLoaded(TestPool kit, FaultInjector faults) throws Exception {
        asThePageSays(kit, faults, Moment.MID_LOAD, aStart(kit));
    }

    /** No test of the extension's, which would fail by what the books find. */
    @Nested
    class ACallThatComesTwice {

        @ParameterizedTest
        @EnumSource(names = {"SCRIPTED", "PYTHON"})
        void runsTwiceAndTheBooksTellOfIt(Layer layer) throws Exception {
            assertThat(page(Moment.BEFORE_SEND, layer)).containsEntry("Duplicated", RUNS_TWICE);
            try (TestPool kit = TestPool.start(TestPoolSpec.of(layer).workers(1).faults(true))
                    .ensureReady()) {
                kit.expectWarning("broke the protocol");
                // Given
                FaultLease twice = kit.faults().at(Moment.BEFORE_SEND).arm(new Fault.Duplicated());

                // When
                PendingCall<String> call = kit.pool().call("echo", String.class, "x");

                // Then
                assertThat(kit.outcome(call)).isEqualTo("x");
                assertThat(kit.events().awaitExit().exit().cause()).isEqualTo(TransitionCause.PROTOCOL_VIOLATION);
                assertThat(twice.landed()).isEqualTo(1);
                assertThat(kit.leaks()).isEmpty();
                assertThat(kit.ledger().report().findings())
                        .extracting(Ledger.Finding::problem)
                        .containsExactly(Ledger.Problem.DUPLICATED);
            }
        }
    }

    @Nested
    class ThePage {

        @Test
        void hasEveryFaultAndEveryMoment() throws Exception {
            assertThat(FAULTS.values().stream().map(Object::getClass).distinct())
                    .containsExactlyInAnyOrderElementsOf(kinds(Fault.class));
            for (Moment moment : Moment.values()) {
                assertThat(page(moment, Layer.PYTHON)).as("%s", moment).containsOnlyKeys(FAULTS.keySet());
            }
        }

        private static List<Class<?>> kinds(Class<?> type) {
            return Stream.of(type.getPermittedSubclasses())
                    .flatMap(sub -> sub.isSealed() ? kinds(sub).stream() : Stream.of(sub))
                    .<Class<?>>map(sub -> sub)
                    .toList();
        }
    }
}
