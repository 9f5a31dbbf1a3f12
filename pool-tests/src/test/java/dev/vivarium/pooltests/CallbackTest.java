package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.CallCancelled;
import dev.vivarium.CallTimedOut;
import dev.vivarium.CallTimeline;
import dev.vivarium.CallbackOutcome;
import dev.vivarium.FunctionCall;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolConfigBuilder;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolFunction;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.Signal;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.Nested;

/** Functions of the JVM's that handlers call. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
        workers = 1,
        readiness = VivariumTest.Readiness.NOT_STARTED)
@SuppressWarnings("FutureReturnValueIgnored") // What a function returns is looked at by the pool.
class CallbackTest {

    private static final PythonCall<List<String>> CAUGHT =
            PythonCall.to("ask_caught").returning(new com.fasterxml.jackson.core.type.TypeReference<List<String>>() {});

    private static PythonPool start(TestPool kit, String name, PoolFunction function) throws InterruptedException {
        return start(kit, settings -> settings.function(name, function));
    }

    private static PythonPool start(TestPool kit, Consumer<PoolConfigBuilder> settings) throws InterruptedException {
        return kit.start(settings).ensureReady().pool();
    }

    private static <T> T done(CompletableFuture<T> stage) throws Exception {
        return stage.get(Scripts.LIMIT_S, TimeUnit.SECONDS);
    }

    /** A function that waits until it is interrupted, and says when it begins and how it ends. */
    private static final class Waiting implements PoolFunction {
        private final CompletableFuture<FunctionCall> begun = new CompletableFuture<>();
        private final CompletableFuture<String> ended = new CompletableFuture<>();
        private final CountDownLatch never = new CountDownLatch(1);

        @Override
        public Object apply(FunctionCall call) {
            begun.complete(call);
            try {
                never.await();
                ended.complete("by itself");
            } catch (InterruptedException e) {
                ended.complete("by an interrupt");
            }
            return "too late";
        }
    }

    @Nested
    class AFunction {

        @VivariumTest
        void givesTheHandlerWhatItReturns(TestPool kit) throws Exception {
            PythonPool pool = start(kit, "double", call -> 2 * call.argument(0, Integer.class));

            assertThat(pool.call("ask", Integer.class, "double", 21).await()).isEqualTo(42);
            assertThat(pool.call("ask", Integer.class, "double", -1).await()).isEqualTo(-2);
        }

        @VivariumTest
        void mayReturnNothing(TestPool kit) throws Exception {
            PythonPool pool = start(kit, "forget", call -> null);

            assertThat(pool.call("ask", String.class, "forget", 1).await()).isNull();
        }

        @VivariumTest
        void mayReturnAStageThatHoldsNoThread(TestPool kit) throws Exception {
            CompletableFuture<String> later = new CompletableFuture<>();
            CompletableFuture<Boolean> asked = new CompletableFuture<>();
            PythonPool pool = start(
                    kit,
                    settings -> settings.functions(all -> all.threads(1).with("later", call -> {
                        asked.complete(true);
                        return later;
                    })));
            PendingCall<String> call = pool.call("ask", String.class, "later", 1);
            done(asked);

            later.complete("now");

            assertThat(call.await()).isEqualTo("now");
        }

        @VivariumTest
        void knowsWhoCallsAndHowLongItHas(TestPool kit) throws Exception {
            CompletableFuture<FunctionCall> seen = new CompletableFuture<>();
            PythonPool pool = start(kit, "look", call -> {
                seen.complete(call);
                return "seen";
            });
            PendingCall<String> call = pool.call(
                    PythonCall.to("ask").args("look", 1).returning(String.class).timeout(Duration.ofMinutes(5)));
            assertThat(call.await()).isEqualTo("seen");

            FunctionCall given = done(seen);

            assertThat(given.callId()).isEqualTo(call.id());
            assertThat(given.handler()).isEqualTo("ask");
            assertThat(given.function()).isEqualTo("look");
            assertThat(given.worker()).hasToString(pool.name() + "/1");
            assertThat(given.remaining()).isPositive().isLessThanOrEqualTo(Duration.ofMinutes(5));
            assertThat(given.isAbandoned()).isFalse();
        }

        @VivariumTest
        void runsOnANamedThreadOfItsOwn(TestPool kit) throws Exception {
            PythonPool pool = start(kit, "where", call -> Thread.currentThread().getName());

            assertThat(pool.call("ask", String.class, "where", 1).await())
                    .startsWith("vivarium-" + pool.name() + "-function-");
        }

        @VivariumTest
        void runsOnTheExecutorThatTheUserGives(TestPool kit) throws Exception {
            Executor own = task -> new Thread(task, "the user's").start();
            PythonPool pool = start(
                    kit,
                    settings -> settings.functions(all -> all.executor(own)
                            .with("where", call -> Thread.currentThread().getName())));

            assertThat(pool.call("ask", String.class, "where", 1).await()).isEqualTo("the user's");
        }

        @VivariumTest
        void neverRunsOnAThreadThatServesWorkers(TestPool kit) throws Exception {
            PythonPool pool = start(
                    kit,
                    settings -> settings.functions(all -> all.executor(Runnable::run)
                            .with("where", call -> Thread.currentThread().getName())));

            assertThat(pool.call("ask", String.class, "where", 1).await())
                    .startsWith("vivarium-" + pool.name() + "-function-");
        }

        @VivariumTest
        void isCalledInASessionToo(TestPool kit) throws Exception {
            PythonPool pool = start(kit, "double", call -> 2 * call.argument(0, Integer.class));
            var session = pool.session("ada");

            assertThat(session.call("ask_and_count", Integer.class, "double").await())
                    .isEqualTo(2);
            assertThat(session.call("ask_and_count", Integer.class, "double").await())
                    .isEqualTo(4);
        }

        @VivariumTest
        void isCalledByAGeneratorToo(TestPool kit) throws Exception {
            PythonPool pool = start(kit, "double", call -> 2 * call.argument(0, Integer.class));

            List<Integer> items = pool.stream("ask_each", Integer.class, "double", 3)
                    .runWith(Sink.seq(), kit.actors().system())
                    .toCompletableFuture()
                    .get(Scripts.LIMIT_S, TimeUnit.SECONDS);

            assertThat(items).containsExactly(0, 2, 4);
        }
    }

    @Nested
    class AnErrorOfAFunction {

        @VivariumTest
        void reachesTheHandlerWithClassAndMessage(TestPool kit) throws Exception {
            PythonPool pool = start(kit, "refuse", call -> {
                throw new IllegalStateException("no such user");
            });

            assertThat(pool.call(CAUGHT.args("refuse", 1)).await())
                    .containsExactly("CallbackFailed", "java.lang.IllegalStateException: no such user");
        }

        @VivariumTest
        void isTheCauseOfWhatTheCallerGetsWhenItIsLetThrough(TestPool kit) throws Exception {
            IllegalStateException thrown = new IllegalStateException("no such user");
            PythonPool pool = start(kit, "refuse", call -> CompletableFuture.failedFuture(thrown));

            PythonException error = catchThrowableOfType(
                    PythonException.class,
                    () -> pool.call("ask", String.class, "refuse", 1).await());

            assertThat(error).hasCause(thrown);
            assertThat(error.getCause()).isSameAs(thrown);
            assertThat(error.execution()).isEqualTo(Execution.RAN);
            assertThat(error.pythonType()).isEqualTo("vivarium_worker.callback_errors.CallbackFailed");
            assertThat(error.pythonMessage()).isEqualTo("java.lang.IllegalStateException: no such user");
        }

        @VivariumTest
        void ofAnUnknownNameNamesThoseThereAre(TestPool kit) throws Exception {
            PythonPool pool =
                    start(kit, settings -> settings.function("b", call -> 1).function("a", call -> 1));

            assertThat(pool.call(CAUGHT.args("c", 1)).await())
                    .containsExactly(
                            "UnknownFunction", "pool '" + pool.name() + "' has no function named 'c'; there are: a, b");
        }

        @VivariumTest
        void ofAnArgumentThatCannotBeConvertedNamesIt(TestPool kit) throws Exception {
            PythonPool pool = start(kit, "double", call -> 2 * call.argument(0, Integer.class));

            List<String> error = pool.call(CAUGHT.args("double", "many")).await();

            assertThat(error.get(1))
                    .startsWith("java.lang.IllegalArgumentException: argument 0 of function 'double'")
                    .contains("Integer");
        }

        @VivariumTest
        void ofAResultThatIsTooLargeNamesLimitAndSize(TestPool kit) throws Exception {
            PythonPool pool = start(
                    kit,
                    settings -> settings.functions(all -> all.maxBytes(1024).with("large", call -> "x".repeat(2000))));

            assertThat(pool.call(CAUGHT.args("large", 1)).await())
                    .containsExactly(
                            "CallbackTooLarge", "functions.max-bytes is 1024, the result of function 'large' has 2002");
        }

        @VivariumTest
        void ofAResultWithoutAnEncodingSaysSo(TestPool kit) throws Exception {
            PythonPool pool = start(kit, "odd", call -> new Object());

            List<String> error = pool.call(CAUGHT.args("odd", 1)).await();

            assertThat(error.get(0)).isEqualTo("CallbackNotEncodable");
            assertThat(error.get(1)).startsWith("the result of function 'odd' has no encoding");
        }

        @VivariumTest
        void ofAnExecutorThatTakesNoMoreIsARefusal(TestPool kit) throws Exception {
            Executor full = task -> {
                throw new RejectedExecutionException("it is full");
            };
            PythonPool pool = start(
                    kit,
                    settings -> settings.functions(all -> all.executor(full).with("f", call -> 1)));

            for (int i = 0; i < 3; i++) {
                assertThat(pool.call(CAUGHT.args("f", 1)).await())
                        .containsExactly("CallbackRefused", "the executor of the functions refused it: it is full");
            }
        }
    }

    @Nested
    class WhenNobodyWaitsAnyMore {

        @VivariumTest(options = "call-timeout = 1s")
        void aFunctionIsInterruptedAtTheDeadlineAndTheErrorSaysWhatWasWaitedFor(TestPool kit) throws Exception {
            Waiting waiting = new Waiting();
            PythonPool pool = start(kit, "wait", waiting);
            PendingCall<String> call = pool.call("ask", String.class, "wait", 1);
            FunctionCall seen = done(waiting.begun);

            CallTimedOut error = catchThrowableOfType(CallTimedOut.class, () -> kit.outcome(call));

            assertThat(error).hasMessageContaining("function 'wait'");
            assertThat(done(waiting.ended)).isEqualTo("by an interrupt");
            done(seen.abandoned().toCompletableFuture());
            assertThat(seen.isAbandoned()).isTrue();
            assertThat(seen.remaining()).isZero();
        }

        @VivariumTest(layers = Layer.FAKE, options = "call-timeout = 1s")
        void theHandlerIsToldAtTheDeadline(TestPool kit) throws Exception {
            Waiting waiting = new Waiting();
            PythonPool pool = start(kit, "wait", waiting);
            PendingCall<List<String>> call = pool.call(CAUGHT.args("wait", 1));
            done(waiting.begun);

            kit.time().advance(Duration.ofSeconds(1));

            assertThat(call.await())
                    .containsExactly(
                            "CallbackTimedOut",
                            "function 'wait' had no result when the deadline of call " + call.id()
                                    + " of 'ask_caught' passed");
        }

        @VivariumTest
        void aStageIsCancelledWhenTheCallIs(TestPool kit) throws Exception {
            CompletableFuture<String> never = new CompletableFuture<>();
            CompletableFuture<FunctionCall> asked = new CompletableFuture<>();
            PythonPool pool = start(kit, "never", call -> {
                asked.complete(call);
                return never;
            });
            PendingCall<String> call = pool.call("ask", String.class, "never", 1);
            FunctionCall seen = done(asked);

            call.cancel();

            assertThat(catchThrowableOfType(CallCancelled.class, call::await)).isNotNull();
            done(seen.abandoned().toCompletableFuture());
            kit.awaitThat("cancelled", never::isCancelled);
            assertThat(pool.call("echo", String.class, "well").await()).isEqualTo("well");
        }

        @VivariumTest(expectWarnings = "killed from outside")
        void aFunctionIsInterruptedWhenItsWorkerEnds(TestPool kit) throws Exception {
            Waiting waiting = new Waiting();
            PythonPool pool = start(kit, "wait", waiting);
            PendingCall<String> call = pool.call("ask", String.class, "wait", 1);
            done(waiting.begun);

            kit.worker(1).signal(Signal.KILL);

            assertThat(catchThrowableOfType(WorkerCrashed.class, call::await)).isNotNull();
            assertThat(done(waiting.ended)).isEqualTo("by an interrupt");
            kit.ensureReady();
            assertThat(pool.call("echo", String.class, "well").await()).isEqualTo("well");
        }
    }

    @Nested
    class AFunctionThatCallsThePool {

        @VivariumTest(workers = 2)
        void isServedByAnotherWorker(TestPool kit) throws Exception {
            CompletableFuture<PythonPool> self = new CompletableFuture<>();
            PythonPool pool = start(
                    kit,
                    "again",
                    call -> done(self)
                            .call("echo", Integer.class, call.argument(0, Integer.class) + 1)
                            .await());
            self.complete(pool);

            assertThat(pool.call("ask", Integer.class, "again", 1).await()).isEqualTo(2);
        }

        @VivariumTest
        void endsByTheDeadlineOfItsOwnCallerWhenAllWorkersAreBusy(TestPool kit) throws Exception {
            CompletableFuture<PythonPool> self = new CompletableFuture<>();
            CompletableFuture<PendingCall<Integer>> within = new CompletableFuture<>();
            PythonPool pool = start(kit, "again", call -> {
                PendingCall<Integer> inner = done(self)
                        .call(PythonCall.to("echo")
                                .args(1)
                                .returning(Integer.class)
                                .timeout(Duration.ofHours(1)));
                within.complete(inner);
                return new CompletableFuture<>(); // Whatever becomes of it, the call goes on.
            });
            self.complete(pool);
            PendingCall<Integer> outer = pool.call(PythonCall.to("ask")
                    .args("again", 1)
                    .returning(Integer.class)
                    .timeout(Duration.ofSeconds(1)));
            PendingCall<Integer> inner = done(within);

            CallTimedOut error = catchThrowableOfType(CallTimedOut.class, () -> kit.outcome(outer));
            CallTimedOut innerError = catchThrowableOfType(CallTimedOut.class, () -> kit.outcome(inner));

            assertThat(error).hasMessageContaining("function 'again'");
            assertThat(innerError).hasMessageContaining("it was waiting for a worker");
            assertThat(innerError.timeout()).isLessThanOrEqualTo(Duration.ofSeconds(1));
            kit.ensureReady();
            assertThat(pool.call("echo", String.class, "well").await()).isEqualTo("well");
        }

        @VivariumTest(workers = 2, options = "functions.threads = 1")
        void endsByTheDeadlineWhenNoThreadIsLeftForWhatItNeeds(TestPool kit) throws Exception {
            CompletableFuture<PythonPool> self = new CompletableFuture<>();
            CompletableFuture<PendingCall<Integer>> within = new CompletableFuture<>();
            PythonPool pool = start(kit, "deep", call -> {
                PendingCall<Integer> inner = done(self).call("ask", Integer.class, "deep", 1);
                within.complete(inner);
                return inner.await();
            });
            self.complete(pool);
            PendingCall<Integer> outer = pool.call(PythonCall.to("ask")
                    .args("deep", 0)
                    .returning(Integer.class)
                    .timeout(Duration.ofSeconds(2)));
            PendingCall<Integer> inner = done(within);
            kit.awaitStarted(inner);

            assertThat(catchThrowableOfType(CallTimedOut.class, () -> kit.outcome(outer)))
                    .hasMessageContaining("function 'deep'");

            assertThat(catchThrowableOfType(CallTimedOut.class, () -> kit.outcome(inner)))
                    .hasMessageContaining("function 'deep'");
        }
    }

    @Nested
    class WhatIsInFlight {

        @VivariumTest(workers = 2, options = "functions.max-in-flight = 1")
        void isBoundedForThePool(TestPool kit) throws Exception {
            CompletableFuture<String> first = new CompletableFuture<>();
            CompletableFuture<Boolean> asked = new CompletableFuture<>();
            PythonPool pool = start(kit, "hold", call -> {
                asked.complete(true);
                return first;
            });
            PendingCall<String> holding = pool.call("ask", String.class, "hold", 1);
            done(asked);

            assertThat(pool.call(CAUGHT.args("hold", 2)).await())
                    .containsExactly(
                            "CallbackRefused",
                            "functions.max-in-flight is 1, and as many callbacks of pool '" + pool.name()
                                    + "' are in flight");

            first.complete("done");
            assertThat(holding.await()).isEqualTo("done");
            assertThat(pool.call("ask", String.class, "hold", 3).await()).isEqualTo("done");
        }

        @VivariumTest(options = {"functions.max-in-flight = 1", "functions.max-per-worker = 1"})
        void isGivenBackByEveryEnd(TestPool kit) throws Exception {
            PythonPool pool = start(
                    kit,
                    settings -> settings.function("f", call -> 1).function("g", call -> {
                        throw new IllegalStateException("no");
                    }));

            for (int i = 0; i < 3; i++) {
                assertThat(pool.call("ask", Integer.class, "f", 1).await()).isEqualTo(1);
                assertThat(pool.call(CAUGHT.args("g", 1)).await()).contains("CallbackFailed");
                assertThat(pool.call(CAUGHT.args("unknown", 1)).await()).contains("UnknownFunction");
            }
        }
    }

    @Nested
    class ATimedCall {

        @VivariumTest(options = "call-events = true")
        void showsItsCallbacksAndSoDoTheEvents(TestPool kit) throws Exception {
            PythonPool pool = start(kit, "double", call -> 2 * call.argument(0, Integer.class));
            PendingCall<Integer> call = pool.call(PythonCall.to("ask")
                    .args("double", 1)
                    .returning(Integer.class)
                    .timed());
            call.await();

            List<CallTimeline.Callback> callbacks =
                    call.timeline().orElseThrow().callbacks();

            assertThat(callbacks).hasSize(1);
            CallTimeline.Callback only = callbacks.get(0);
            assertThat(only.function()).isEqualTo("double");
            assertThat(only.outcome()).isEqualTo(CallbackOutcome.RETURNED);
            assertThat(only.started()).isNotNull().isAfterOrEqualTo(only.asked());
            assertThat(only.ended()).isNotNull().isAfterOrEqualTo(only.started());
            PoolEvent.CallbackEnded event = kit.events().await(PoolEvent.CallbackEnded.class);
            assertThat(event.callId()).isEqualTo(call.id());
            assertThat(event.function()).isEqualTo("double");
            assertThat(event.outcome()).isEqualTo(CallbackOutcome.RETURNED);
            assertThat(event.error()).isEmpty();
        }
    }
}
