package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.DrainPolicy.Queued;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Calls that wait out their delay before they are sent again. */
@VivariumTest(
        layers = Layer.FAKE,
        workers = 2,
        expectWarnings = "exited with status",
        options = {"retry.min-delay = 1h", "retry.max-delay = 1h", "call-timeout = 1d", "recovery.major-budget = 2h"})
class DelayedCallsTest {

    private static final Duration LIMIT = Duration.ofSeconds(Scripts.LIMIT_S);

    @VivariumTest
    void areRefusedAtOnceWhenThePoolIsClosedAndRefusesWhatWaits(TestPool kit, PythonPool pool, FaultInjector faults)
            throws Exception {
        PendingCall<String> running = pool.call("held", String.class, "gate", "finished");
        kit.awaitStarted(running);
        var armed = faults.at(Moment.STARTED).arm(new Fault.Exited(3));
        PendingCall<String> delayed = pool.call(
                PythonCall.to("echo").args("x").returning(String.class).retrySafe());
        var retried = kit.events().await(PoolEvent.CallRetried.class);

        CompletableFuture<Void> closing = CompletableFuture.runAsync(() -> pool.close(LIMIT, Queued.REFUSE));

        PoolClosed error = catchThrowableOfType(PoolClosed.class, () -> delayed.await(LIMIT));
        assertThat(error.execution()).isEqualTo(Execution.UNKNOWN);
        assertThat(error.attempts()).hasSize(1);
        assertThat(error).hasMessageContaining("was not sent again");
        assertThat(running.isDone()).isFalse();
        kit.open("gate");
        assertThat(running.await(LIMIT)).isEqualTo("finished");
        closing.get(Scripts.LIMIT_S, TimeUnit.SECONDS);
        assertThat(armed.landed()).isEqualTo(1);
        assertThat(retried.callId()).isEqualTo(delayed.id());
    }
}
