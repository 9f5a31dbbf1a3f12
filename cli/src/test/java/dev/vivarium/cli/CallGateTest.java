package dev.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.PendingCall;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.protocol.RawJson;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Calls at the gate, with a pool that answers when the test says so, and a clock that the test sets. */
class CallGateTest {

    private static final PythonCall<RawJson> CALL = PythonCall.to("f").returning(RawJson.class);

    private static final class Held extends CompletableFuture<RawJson> implements PendingCall<RawJson> {
        private final long id;

        private Held(long id) {
            this.id = id;
        }

        @Override
        public long id() {
            return id;
        }

        @Override
        public boolean cancel() {
            return false;
        }

        @Override
        public int attempts() {
            return 1;
        }

        @Override
        public RawJson await() {
            return join();
        }

        @Override
        public RawJson await(Duration atMost) throws TimeoutException {
            return orTimeout(atMost.toNanos(), TimeUnit.NANOSECONDS).join();
        }
    }

    private final List<Held> given = new ArrayList<>();
    private final PythonPool pool = (PythonPool) Proxy.newProxyInstance(
            CallGateTest.class.getClassLoader(), new Class<?>[] {PythonPool.class}, (self, method, arguments) -> {
                assertThat(method.getName()).isEqualTo("call");
                given.add(new Held(given.size() + 1L));
                return given.get(given.size() - 1);
            });
    private final AtomicLong clock = new AtomicLong();

    @Test
    void aCallTakesFromTheMomentWhenThePoolHasItAndNotFromWhereItWaitsForItsTurn() {
        // Given
        CallGate gate = new CallGate(pool, 1, clock::get);
        var first = gate.call(CALL).toCompletableFuture();
        var second = gate.call(CALL).toCompletableFuture();

        // When
        clock.set(100);
        given.get(0).complete(RawJson.of("1"));
        clock.set(130);
        given.get(1).completeExceptionally(new IllegalStateException("as it happens"));

        // Then
        assertThat(first.join().tookNanos()).isEqualTo(100);
        assertThat(second.join().tookNanos()).isEqualTo(30);
        assertThat(second.join().failure()).hasMessage("as it happens");
    }
}
