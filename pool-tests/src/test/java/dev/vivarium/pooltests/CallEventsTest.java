package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSaturated;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** Calls and health checks are events. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.PYTHON},
        workers = 1,
        options = "call-events = true")
class CallEventsTest {

    private static PoolEvent.CallEnded ended(TestPool kit, PendingCall<?> call) throws Exception {
        kit.awaitThat("told", () -> !ends(kit, call).isEmpty());
        assertThat(ends(kit, call)).hasSize(1);
        return ends(kit, call).get(0);
    }

    private static List<PoolEvent.CallEnded> ends(TestPool kit, PendingCall<?> call) {
        return kit.events().all().stream()
                .filter(PoolEvent.CallEnded.class::isInstance)
                .map(PoolEvent.CallEnded.class::cast)
                .filter(event -> event.callId() == call.id())
                .toList();
    }

    @Nested
    class TheEndOfACall {

        @VivariumTest
        void isToldWithHowLongItWaitedAndTook(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call("echo", String.class, "x");
            call.await();

            PoolEvent.CallEnded event = ended(kit, call);

            assertThat(event.handler()).isEqualTo("echo");
            assertThat(event.attempts()).isEqualTo(1);
            assertThat(event.error()).isNull();
            assertThat(event.waited()).isNotNull().isLessThanOrEqualTo(event.took());
        }

        @VivariumTest
        void isToldWithItsError(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call("fail", String.class, "no");
            PythonException error = catchThrowableOfType(PythonException.class, call::await);

            assertThat(ended(kit, call).error()).isSameAs(error);
        }

        @VivariumTest(options = "queue-capacity = 1")
        void isToldOfOneThatWasRefused(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> running = pool.call("held", String.class, "gate", "x");
            kit.awaitStarted(running);
            PendingCall<String> waiting = pool.call("echo", String.class, "y");

            PendingCall<String> refused = pool.call("echo", String.class, "z");

            assertThat(ended(kit, refused).error()).isInstanceOf(PoolSaturated.class);
            assertThat(ended(kit, refused).waited()).isNull();
            kit.open("gate");
            waiting.await();
        }

        @VivariumTest(options = "call-events = false")
        void isNotToldUnlessThatIsWanted(TestPool kit, PythonPool pool) throws Exception {
            PendingCall<String> call = pool.call("echo", String.class, "x");
            call.await();
            pool.close();

            assertThat(ends(kit, call)).isEmpty();
        }
    }

    @Nested
    @VivariumTest(layers = Layer.FAKE)
    class AHealthCheck {

        @VivariumTest
        void isTold(TestPool kit, TestTime time) throws Exception {
            time.advance(Duration.ofSeconds(30));

            PoolEvent.HealthChecked event = kit.events().await(PoolEvent.HealthChecked.class);

            assertThat(event.answered()).isTrue();
            assertThat(event.incarnation()).isEqualTo(1);
        }
    }
}
