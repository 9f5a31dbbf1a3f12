package dev.vivarium.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.PoolConfig;
import dev.vivarium.PythonCall;
import dev.vivarium.Signal;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.CallIntake;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.port.Clock;
import dev.vivarium.internal.port.Entropy;
import dev.vivarium.internal.port.Machine;
import dev.vivarium.internal.port.ProcessLauncher;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.message.Ready;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.typed.ActorSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a slot does with a lease. Its worker is none, and the time is set. */
class WorkerSlotTest {

    private static final long LIMIT_S = 30;
    private static final long ANSWERED_AT_ONCE = 3;

    private final AtomicLong now = new AtomicLong();
    private final Clock clock = new Clock() {
        @Override
        public long nanoTime() {
            return now.get();
        }

        @Override
        public Instant now() {
            return Instant.EPOCH.plusNanos(now.get());
        }
    };
    private final PoolContext context = new PoolContext(
            PoolConfig.builder().name("slot").handlers("handlers.py").build(),
            new Machine(clock, Entropy.system(), ProcessLauncher.system()));
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private final ActorSystem<WorkerSlot.Command> slot = ActorSystem.create(
            WorkerSlot.create(
                    context,
                    this::driver,
                    made(RouterPort.class, (proxy, method, given) -> {
                        boolean ofCall = given[0] instanceof ActiveCall;
                        told.add(method.getName() + (ofCall ? " " + ((ActiveCall) given[0]).id() : ""));
                        return null;
                    }),
                    made(PoolPort.class, (proxy, method, given) -> null),
                    1,
                    new AtomicInteger()),
            "slot");

    private static <T> T made(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    /** Returns the driver of a process that starts at once and never answers a call. */
    private WorkerDriver driver(int number, int incarnation, WorkerEvents events) {
        return made(WorkerDriver.class, (proxy, method, given) -> {
            switch (method.getName()) {
                case "spawn" -> events.hello();
                case "welcome" -> events.loaded(new Ready(List.of(), 0, List.of()));
                case "send" -> {
                    ActiveCall call = (ActiveCall) given[0];
                    told.add("sent " + call.id());
                    if (call.id() == ANSWERED_AT_ONCE) {
                        call.succeed("null".getBytes(StandardCharsets.UTF_8));
                    }
                }
                case "signal", "cancel" -> told.add(method.getName());
                case "executionOf" -> {
                    return Execution.UNKNOWN;
                }
                case "isTooLateToStart" -> {
                    return false;
                }
                case "progress" -> {
                    return 0L;
                }
                default -> {}
            }
            return null;
        });
    }

    private ActiveCall call(long id) {
        ActiveCall call = Objects.requireNonNull(CallIntake.admit(
                context,
                PythonCall.to("any").returning(String.class).timeout(Duration.ofSeconds(1)),
                id,
                made(ActiveCall.Sink.class, (proxy, method, given) -> null),
                refusal -> {
                    throw refusal;
                }));
        assertThat(call.lease(now.get(), context.worker(1), 1)).isTrue();
        return call;
    }

    private String next() throws InterruptedException {
        return String.valueOf(told.poll(LIMIT_S, TimeUnit.SECONDS));
    }

    @AfterEach
    void end() throws Exception {
        slot.terminate();
        slot.getWhenTerminated().toCompletableFuture().get(LIMIT_S, TimeUnit.SECONDS);
    }

    @Test
    void givesACallBackWhoseDeadlineHasPassedOnItsWayAndCanBeLeasedAgain() throws Exception {
        // Given
        slot.tell(new WorkerSlot.Want());
        assertThat(next()).isEqualTo("offered");
        ActiveCall late = call(1);

        // When
        now.addAndGet(Duration.ofSeconds(1).toNanos());
        slot.tell(new WorkerSlot.Lease(1, late));

        // Then
        assertThat(next()).isEqualTo("refused 1");
        assertThat(next()).isEqualTo("offered");
        slot.tell(new WorkerSlot.Lease(1, call(2)));
        assertThat(next()).isEqualTo("sent 2");
    }

    @Test
    void doesNotCancelACallThatIsAnsweredBeforeTheSendingReturns() throws Exception {
        // Given
        slot.tell(new WorkerSlot.Want());
        assertThat(next()).isEqualTo("offered");

        // When
        slot.tell(new WorkerSlot.Lease(1, call(ANSWERED_AT_ONCE)));
        assertThat(next()).isEqualTo("sent 3");

        // Then
        for (int i = 0;
                i < 2;
                i++) { // The first is behind what the sending tells the slot, the second behind what comes of it.
            slot.tell(new WorkerSlot.SendSignal(1, Signal.CONT, false));
            assertThat(next()).isEqualTo("signal");
        }
    }
}
