package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.PendingCall;
import dev.vivarium.PythonCall;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.internal.pool.WorkerHost;
import dev.vivarium.internal.worker.WorkerDriver;
import dev.vivarium.internal.worker.WorkerEvents;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Ledger.Problem;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Bugs of the pool's own side, planted through its ports: between a real pool and its workers stands a driver that does one
 * thing wrong, and the kit's checks find what comes of it.
 */
@Tag("processes")
class PortSabotageTest {

    private static final int KILLED = 9;

    /** What stands between the pool and one worker. */
    private interface Sabotage {
        /** Makes the driver of an incarnation, or one that does something else. */
        WorkerDriver driver(WorkerDriver.Factory real, int slot, int incarnation, WorkerEvents events);
    }

    /** What is done in place of a method; {@code real} does what the method does. */
    private interface Instead {
        Object call(String method, Object[] arguments, Real real) throws Throwable;

        /** What the method does. */
        interface Real {
            Object call() throws Throwable;
        }
    }

    private static <T> T wrong(Class<T> port, T real, Instead instead) {
        return port.cast(Proxy.newProxyInstance(
                port.getClassLoader(),
                new Class<?>[] {port},
                (Object proxy, Method method, Object[] arguments) ->
                        instead.call(method.getName(), arguments, () -> method.invoke(real, arguments))));
    }

    private static Sabotage driver(Instead instead) {
        return (real, slot, incarnation, events) ->
                wrong(WorkerDriver.class, real.create(slot, incarnation, events), instead);
    }

    private static UnaryOperator<WorkerHost.Starter> with(Sabotage sabotage) {
        return starter -> (pool, context) -> {
            WorkerHost host = starter.start(pool, context);
            return new WorkerHost() {
                @Override
                public WorkerDriver.Factory drivers() {
                    return (slot, incarnation, events) -> sabotage.driver(host.drivers(), slot, incarnation, events);
                }

                @Override
                public void stop(Runnable whenGone) {
                    host.stop(whenGone);
                }
            };
        };
    }

    private static TestPool pool(Sabotage sabotage) throws InterruptedException {
        return TestPool.prepare(TestPoolSpec.of(Layer.FAKE).workers(1).auditPatience(Duration.ofMillis(200)))
                .startOn(with(sabotage))
                .ensureReady();
    }

    private static List<Problem> problems(TestPool kit) {
        return kit.ledger().report().findings().stream()
                .map(Ledger.Finding::problem)
                .toList();
    }

    private static PythonCall<String> once(String handler, Object... args) {
        return PythonCall.to(handler).args(args).returning(String.class).maxRetries(0);
    }

    private static void killWhileItRuns(TestPool kit, PendingCall<String> call) throws InterruptedException {
        kit.expectWarning("killed");
        kit.awaitStarted(call);
        kit.worker(1).kill();
        kit.events().awaitExit();
    }

    @Test
    void anEndOfAWorkerThatIsTakenForAnAnswerLosesTheCall() throws Exception {
        // Given a pool that believes of the call of a dead worker that it has been answered
        try (TestPool kit = pool(driver((method, arguments, real) -> {
            Object result = real.call();
            return method.equals("takeBack") ? false : result;
        }))) {
            PendingCall<String> call = kit.pool().call(once("hang"));

            // When
            killWhileItRuns(kit, call);
            assertThat(kit.pool().call("echo", String.class, "next").await()).isEqualTo("next");

            // Then
            assertThat(problems(kit)).containsExactly(Problem.LOST);
        }
    }

    @Test
    void aCallThatIsSentTwiceIsDoubled() throws Exception {
        try (TestPool kit = pool(driver((method, arguments, real) -> {
            if (method.equals("send")) {
                real.call();
            }
            return real.call();
        }))) {
            assertThat(kit.pool().call("echo", String.class, "x").await()).isEqualTo("x");
            kit.awaitThat("executed twice", () -> kit.ledger().report().count(Problem.DUPLICATED) > 0);

            assertThat(problems(kit)).containsExactly(Problem.DUPLICATED);
        }
    }

    @Test
    void aCallThatHasStartedAndIsSaidNotToHaveIsMisreported() throws Exception {
        try (TestPool kit = pool(driver(
                (method, arguments, real) -> method.equals("executionOf") ? Execution.NOT_STARTED : real.call()))) {
            PendingCall<String> call = kit.pool().call(once("hang"));

            killWhileItRuns(kit, call);

            assertThatThrownBy(call::await).isInstanceOf(WorkerCrashed.class);
            assertThat(problems(kit)).containsExactly(Problem.MISREPORTED);
        }
    }

    @Test
    void aCallThatIsSaidToHaveRunAndNeverStartedIsMisreported() throws Exception {
        try (TestPool kit =
                pool(driver((method, arguments, real) -> method.equals("executionOf") ? Execution.RAN : real.call()))) {
            kit.expectWarning("killed");

            try (FaultLease killed = kit.faults().at(Moment.BEFORE_SEND).arm(new Fault.Signalled(KILLED))) {
                PendingCall<String> call = kit.pool().call(once("echo", "x"));

                assertThatThrownBy(call::await).isInstanceOf(WorkerCrashed.class);
                assertThat(killed.landed()).isEqualTo(1);
            }
            assertThat(problems(kit)).containsExactly(Problem.MISREPORTED);
        }
    }

    @Test
    void anAnswerThatIsToldInTheNameOfAnEarlierIncarnationKeepsItsLease() throws Exception {
        // Given a second incarnation whose answers are told as the first's
        Map<Integer, WorkerEvents> told = new HashMap<>();
        TestPool kit = pool((real, slot, incarnation, events) -> {
            told.put(incarnation, events);
            return real.create(
                    slot,
                    incarnation,
                    wrong(
                            WorkerEvents.class,
                            events,
                            (method, arguments, own) -> method.equals("answered") && incarnation > 1
                                    ? WorkerEvents.class
                                            .getMethod("answered", long.class)
                                            .invoke(told.get(1), arguments)
                                    : own.call()));
        });
        kit.expectWarning("killed");
        kit.worker(1).kill();
        kit.awaitThat("the second incarnation", () -> kit.worker(1).snapshot().incarnation() == 2);
        assertThat(kit.pool().call("echo", String.class, "x").await()).isEqualTo("x");

        // When
        List<Leak> leaks;
        try (kit) {
            leaks = kit.leaks();
        }

        // Then the pool has taken no notice of it, as it must, and what comes of that is found
        assertThat(leaks)
                .filteredOn(leak -> leak.kind() == Leak.Kind.LEASE)
                .singleElement()
                .asString()
                .contains("1 workers have a call");
    }
}
