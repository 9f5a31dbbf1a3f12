package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.PendingCall;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.session.MemorySessionStore;
import dev.vivarium.session.PythonSession;
import dev.vivarium.session.SessionStore;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** Callers' threads, on which the pool's actors run. */
@VivariumTest(layers = Layer.PYTHON, workers = 1)
class LentThreadTest {

    @Nested
    class ACall {

        /** What the router does can be seen where it asks the store; that it is busy elsewhere at that moment is an exception. */
        @VivariumTest(
                layers = {Layer.SCRIPTED, Layer.PYTHON},
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

    /** One loan sends both: an answer lets a session go that had waited for it, and the next call begin. */
    @Nested
    class TheEndOfASessionAndItsNextCall {

        @TempDir
        private Path folder;

        @VivariumTest(readiness = Readiness.NOT_STARTED)
        void arriveInThatOrder(TestPool kit) throws Exception {
            arrive(kit);
        }

        @VivariumTest(readiness = Readiness.NOT_STARTED)
        void arriveInThatOrderWhenTheChannelIsASocket(TestPool kit, FaultInjector proxy) throws Exception {
            assertThat(proxy.leases()).isEmpty();
            arrive(kit);
        }

        private void arrive(TestPool kit) throws Exception {
            Path handlers = Files.writeString(folder.resolve("handlers_of_sessions.py"), """
                    def local(ctx) -> int:
                        ctx.session.local["n"] = ctx.session.local.get("n", 0) + 1
                        return ctx.session.local["n"]
                    """);
            kit.start(settings -> settings.handlers(handlers.toString())).ensureReady();
            for (int i = 0; i < 60; i++) {
                PythonSession session = kit.pool().session("s" + i);
                kit.outcome(session.call("local", Integer.class));
                PendingCall<String> held = kit.pool().call("held", String.class, "gate" + i, "x");
                kit.awaitStarted(held);
                var unused = session.end();
                PendingCall<Integer> first = session.call("local", Integer.class);
                kit.open("gate" + i);

                assertThat(kit.outcome(held)).isEqualTo("x");
                assertThat(kit.outcome(first)).isEqualTo(1);
                assertThat(kit.outcome(session.call("local", Integer.class))).isEqualTo(2);
            }
        }
    }

    @Nested
    class AThreadWhoseStackIsUsedUp {

        private static final int STACK_BYTES = 1024 * 1024;
        private static final int FROM_FRAMES = 20;
        private static final int TO_FRAMES = 5000;
        private static final int STEP = 120;

        /** What actors do for the first time takes most of a stack: so the first call of a session comes from deep within. */
        @VivariumTest
        void harmsNobodyElse(TestPool kit, PythonPool pool) throws Exception {
            for (int i = 0; i < 300; i++) { // Where the probe of the stack has been compiled, its frames are small.
                kit.outcome(pool.call("echo", Integer.class, i));
            }
            List<PendingCall<String>> made = new ArrayList<>();

            for (int frames = TO_FRAMES; frames >= FROM_FRAMES; frames -= STEP) {
                int above = frames;
                Thread deep = new Thread(
                        null,
                        () -> above(
                                above, () -> made.add(pool.session("s" + above).call("echo", String.class, "deep"))),
                        "deep",
                        STACK_BYTES);
                deep.start();
                deep.join();
            }

            assertThat(made).hasSizeGreaterThan(5);
            for (PendingCall<String> call : made) {
                assertThat(kit.outcome(call)).isEqualTo("deep");
            }
            assertThat(kit.outcome(pool.call("echo", String.class, "after"))).isEqualTo("after");
            assertThat(pool.snapshot().restarts()).isZero();
        }

        /** Runs it so many frames above the end of the stack, if it can be run there. */
        private static void above(int frames, Runnable what) {
            int[] left = {-1};
            descend(left, frames, what);
        }

        @SuppressWarnings("InfiniteRecursion") // It has an end, which is what this is about.
        private static void descend(int[] left, int frames, Runnable what) {
            try {
                descend(left, frames, what);
            } catch (StackOverflowError end) {
                if (left[0] < 0) {
                    left[0] = frames;
                }
            }
            if (left[0]-- == 0) {
                try {
                    what.run();
                } catch (StackOverflowError notHere) {
                    left[0] = -2; // The caller is told so, and nobody else.
                }
            }
        }
    }
}
