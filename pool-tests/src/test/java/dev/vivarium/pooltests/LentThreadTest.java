package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.vivarium.PendingCall;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.session.MemorySessionStore;
import dev.vivarium.session.SessionStore;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Nested;

/** Callers' threads, on which the pool's actors run. */
@VivariumTest(layers = Layer.PYTHON, workers = 1)
class LentThreadTest {

    @Nested
    class ACall {

        /** What the router does can be seen where it asks the store; that it is busy elsewhere at that moment is an exception. */
        @VivariumTest(
                layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON},
                readiness = Readiness.NOT_STARTED)
        void isRoutedByTheThreadThatMakesIt(TestPool kit) throws Exception {
            Set<Thread> routedBy = ConcurrentHashMap.newKeySet();
            SessionStore store = new MemorySessionStore(1 << 20, 1 << 20);
            kit.start(settings -> settings.sessionStore((SessionStore) Proxy.newProxyInstance(
                    getClass().getClassLoader(), new Class<?>[] {SessionStore.class}, (proxy, method, arguments) -> {
                        if (method.getName().equals("load")) {
                            routedBy.add(Thread.currentThread());
                        }
                        return method.invoke(store, arguments);
                    })));
            kit.ensureReady();

            for (int i = 0; i < 100; i++) {
                kit.outcome(kit.pool().session("s" + i).call("echo", String.class, "x"));
            }

            assertThat(routedBy).contains(Thread.currentThread());
        }

        @VivariumTest
        void isSentWholeByAThreadThatHasBeenInterrupted(TestPool kit, PythonPool pool) throws Exception {
            Thread.currentThread().interrupt();
            PendingCall<String> call = pool.call("echo", String.class, "x");
            assertThat(Thread.interrupted()).isTrue();

            assertThat(kit.outcome(call)).isEqualTo("x");
            assertThat(pool.snapshot().restarts()).isZero();
        }
    }

    @Nested
    class AThreadThatIsInterruptedAllTheTime {

        @VivariumTest
        void harmsNoWorker(TestPool kit, PythonPool pool) throws Exception {
            madeWhileInterrupted(kit, pool);
        }

        @VivariumTest
        void harmsNoWorkerWhoseChannelIsASocket(TestPool kit, PythonPool pool, FaultInjector proxy) throws Exception {
            assertThat(proxy.leases()).isEmpty();
            madeWhileInterrupted(kit, pool);
        }

        private void madeWhileInterrupted(TestPool kit, PythonPool pool) throws Exception {
            int calls = 500;
            List<PendingCall<Integer>> made = new ArrayList<>();
            Thread caller = new Thread(() -> {
                for (int i = 0; i < calls; i++) {
                    made.add(pool.call("echo", Integer.class, i));
                }
            });
            AtomicBoolean over = new AtomicBoolean();
            Thread interrupter = new Thread(() -> {
                while (!over.get()) {
                    caller.interrupt();
                    Thread.onSpinWait();
                }
            });
            caller.start();
            interrupter.start();
            caller.join();
            over.set(true);
            interrupter.join();

            for (int i = 0; i < calls; i++) {
                assertThat(kit.outcome(made.get(i))).isEqualTo(i);
            }
            assertThat(pool.snapshot().restarts()).isZero();
            assertThat(pool.snapshot().workers())
                    .extracting(WorkerSnapshot::incarnation)
                    .containsExactly(1);
        }
    }

    @Nested
    class AThreadWhoseStackIsUsedUp {

        @VivariumTest
        void makesItsCallOrIsToldSoAndHarmsNoWorker(TestPool kit, PythonPool pool) throws Exception {
            assertThat(kit.outcome(pool.call("echo", String.class, "before"))).isEqualTo("before");
            List<PendingCall<String>> made = new ArrayList<>();
            Thread deep = new Thread(null, () -> assertThat(descend(pool, made)).isTrue(), "deep", 256 * 1024);
            deep.start();
            deep.join();

            for (PendingCall<String> call : made) {
                Throwable refused = catchThrowable(() -> kit.outcome(call));
                assertThat(refused == null || refused instanceof dev.vivarium.ArgumentsNotEncodable)
                        .as("%s", refused)
                        .isTrue();
            }
            assertThat(kit.outcome(pool.call("echo", String.class, "after"))).isEqualTo("after");
            assertThat(pool.snapshot().restarts()).isZero();
        }

        /** Calls from every depth, so that the end of the stack is met wherever it can be. */
        @SuppressWarnings("InfiniteRecursion") // It has an end, which is what this is about.
        private static boolean descend(PythonPool pool, List<PendingCall<String>> made) {
            boolean ended = false;
            try {
                ended = descend(pool, made);
            } catch (StackOverflowError end) {
                ended = true;
            }
            if (made.size() < 40) {
                try {
                    made.add(pool.call("echo", String.class, "deep"));
                } catch (StackOverflowError notHere) {
                    ended = true;
                }
            }
            return ended;
        }
    }
}
