package dev.vivarium.internal.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.lending.LendingThread;
import dev.vivarium.internal.lending.Loan;
import dev.vivarium.internal.port.Machine;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.JsonCodec;
import dev.vivarium.protocol.Limits;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Waiting for a call, from one thread and from many. */
@Timeout(30)
class PendingCallImplTest {

    private final ExecutorService callbacks = Executors.newFixedThreadPool(2);
    private final ExecutorService waiters = Executors.newCachedThreadPool();
    private final PendingCallImpl<String> call = new PendingCallImpl<>(
            7,
            PythonCall.to("f").returning(String.class),
            new JsonCodec(new ObjectMapper(), Limits.DEFAULTS),
            callbacks);

    private final ActiveCall ended = Objects.requireNonNull(CallIntake.admit(
            new PoolContext(
                    PoolConfig.builder().name("calls").handlers("handlers.py").build(), Machine.system()),
            PythonCall.to("f").returning(String.class),
            7,
            new ActiveCall.Sink() {
                @Override
                public void succeeded(ActiveCall call, byte[] body) {}

                @Override
                public void failed(ActiveCall call, PoolException error) {}
            },
            refusal -> {
                throw refusal;
            }));

    @AfterEach
    void stop() {
        callbacks.shutdownNow();
        waiters.shutdownNow();
    }

    private void answer(String json) {
        call.succeeded(ended, json.getBytes(StandardCharsets.UTF_8));
    }

    /** Waits in another thread, and returns once it waits. */
    private <T> Future<T> waiting(Callable<T> wait) {
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        Future<T> result = waiters.submit(() -> {
            thread.complete(Thread.currentThread());
            return wait.call();
        });
        Thread waiter = thread.join();
        while (waiter.getState() != Thread.State.WAITING && waiter.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        return result;
    }

    @Nested
    class ACallThatWantsItsCallbacksDirectly {

        private final PendingCallImpl<String> direct = new PendingCallImpl<>(
                8,
                PythonCall.to("f").returning(String.class).callbacksDirectly(),
                new JsonCodec(new ObjectMapper(), Limits.DEFAULTS),
                callbacks);

        private final CompletableFuture<Thread> ranOn = new CompletableFuture<>();

        private void answer() {
            direct.succeeded(ended, "1".getBytes(StandardCharsets.UTF_8));
        }

        /** Does it on a thread as those that read from workers. */
        private Thread onReader(Runnable what) throws InterruptedException {
            Thread reader = new LendingThread(what, "reader");
            reader.start();
            reader.join();
            return reader;
        }

        @Test
        void hasThemRunOnTheThreadThatReadsTheResult() throws Exception {
            var unused = direct.thenAccept(result -> ranOn.complete(Thread.currentThread()));

            Thread reader = onReader(this::answer);

            assertThat(ranOn.get()).isSameAs(reader);
        }

        @Test
        void hasThemRunElsewhereWhenTheResultIsBroughtByAnActor() throws Exception {
            var unused = direct.thenAccept(result -> ranOn.complete(Thread.currentThread()));

            Thread reader = onReader(() -> Loan.with(this::answer));

            assertThat(ranOn.get()).isNotSameAs(reader);
        }

        @Test
        void hasThemRunElsewhereWhenTheResultIsBroughtByAnotherThread() throws Exception {
            var unused = direct.thenAccept(result -> ranOn.complete(Thread.currentThread()));

            answer();

            assertThat(ranOn.get()).isNotSameAs(Thread.currentThread());
        }

        @Test
        void getsAnErrorOnTheCallbackExecutor() throws Exception {
            var unused = direct.whenComplete((result, failure) -> ranOn.complete(Thread.currentThread()));

            direct.failed(null, new PoolClosed(Execution.NOT_STARTED, List.of(), "closed"));

            assertThat(ranOn.get()).isNotSameAs(Thread.currentThread());
        }
    }

    @Nested
    class Threads {

        @Test
        void allGetTheOutcomeHoweverTheyWait() throws Exception {
            List<Future<String>> results = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                results.add(waiting(call::await));
                results.add(waiting(() -> call.await(Duration.ofHours(1))));
                results.add(waiting(() -> call.toCompletableFuture().get()));
            }

            answer("\"here\"");

            for (Future<String> result : results) {
                assertThat(result.get()).isEqualTo("here");
            }
        }

        @Test
        void getItAtOnceWhenItIsThereAlready() throws Exception {
            answer("\"here\"");

            assertThat(call.isDone()).isTrue();
            assertThat(call.await(Duration.ZERO)).isEqualTo("here");
            assertThat(call.await()).isEqualTo("here");
        }

        @Test
        void stopWaitingWhenTheirTimeIsOverAndMayWaitAgain() throws Exception {
            Future<String> other = waiting(call::await);

            assertThatThrownBy(() -> call.await(Duration.ofMillis(1)))
                    .isInstanceOf(TimeoutException.class)
                    .hasMessageContaining("call 7");
            assertThatThrownBy(() -> call.await(Duration.ofSeconds(-1))).isInstanceOf(TimeoutException.class);

            answer("\"late\"");
            assertThat(call.await()).isEqualTo("late");
            assertThat(other.get()).isEqualTo("late");
        }

        @Test
        void areNotWokenByATimeThatIsLongerThanThereIs() throws Exception {
            Future<String> result = waiting(() -> call.await(Duration.ofSeconds(Long.MAX_VALUE)));

            answer("\"here\"");

            assertThat(result.get()).isEqualTo("here");
        }

        @Test
        void thatAreInterruptedLeaveTheCallAlone() throws Exception {
            CompletableFuture<Thread> first = new CompletableFuture<>();
            Future<Boolean> interrupted = waiting(() -> {
                first.complete(Thread.currentThread());
                try {
                    call.await();
                    return false;
                } catch (InterruptedException e) {
                    return true;
                }
            });

            first.join().interrupt();

            assertThat(interrupted.get()).isTrue();
            assertThat(call.isDone()).isFalse();
            answer("\"still\"");
            assertThat(call.await()).isEqualTo("still");
        }
    }

    @Nested
    class Callbacks {

        @Test
        void runOnTheExecutorThoughManyThreadsWait() throws Exception {
            List<Thread> ran = new ArrayList<>();
            CountDownLatch done = new CountDownLatch(3);
            for (int i = 0; i < 3; i++) {
                var unused = call.thenAccept(value -> {
                    synchronized (ran) {
                        ran.add(Thread.currentThread());
                    }
                    done.countDown();
                });
            }
            Future<Thread> first = waiting(() -> {
                var unused = call.await();
                return Thread.currentThread();
            });
            Future<Thread> second = waiting(() -> {
                var unused = call.await(Duration.ofHours(1));
                return Thread.currentThread();
            });

            answer("\"x\"");

            assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
            synchronized (ran) {
                assertThat(ran).hasSize(3).doesNotContain(first.get(), second.get());
            }
        }
    }

    @Nested
    class AnOutcome {

        @Test
        void thatCannotBeDecodedIsAnErrorForEverybody() {
            answer("[1");

            assertThatThrownBy(call::await).isInstanceOf(ResultNotDecodable.class);
            assertThatThrownBy(() -> call.toCompletableFuture().get()).hasCauseInstanceOf(ResultNotDecodable.class);
        }

        @Test
        void thatIsAnErrorIsThrownAsItIs() {
            PoolClosed error = new PoolClosed(Execution.NOT_STARTED, List.of(), "closed");
            call.refuse(error);

            assertThatThrownBy(call::await).isSameAs(error);
            assertThat(call.isDone()).isTrue();
        }
    }
}
