package dev.vivarium;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** What tests with real Python share. */
final class Pythons {

    static final long LIMIT_S = 30;

    private Pythons() {}

    /** Returns the path of the handlers that the tests use. */
    static String handlers() {
        try {
            return Path.of(Pythons.class.getResource("/python/behaviours.py").toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns a configuration of a small pool with those handlers. */
    static PoolConfigBuilder config(String name) {
        return PoolConfig.builder().name(name).handlers(handlers()).workers(2);
    }

    /** Returns whether a process runs; one that has ended and only waits to be reaped by its new parent does not. */
    static boolean isLiving(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            char state = stat.charAt(stat.lastIndexOf(')') + 2);
            return state != 'Z' && state != 'X';
        } catch (IOException e) {
            return false;
        }
    }

    /** Gathers a pool's events, and waits for some of them. */
    static final class Events {
        private final BlockingQueue<PoolEvent> queue = new LinkedBlockingQueue<>();

        void add(PoolEvent event) {
            queue.add(event);
        }

        /** Waits for the next event of a kind that fits; earlier ones are passed over. */
        <E extends PoolEvent> E await(Class<E> type, Predicate<E> wanted) throws InterruptedException {
            StringBuilder seen = new StringBuilder();
            while (true) {
                PoolEvent event = queue.poll(LIMIT_S, TimeUnit.SECONDS);
                if (event == null) {
                    throw new AssertionError(
                            "no such " + type.getSimpleName() + " within " + LIMIT_S + " s; seen:" + seen);
                }
                seen.append("\n  ").append(event);
                if (type.isInstance(event) && wanted.test(type.cast(event))) {
                    return type.cast(event);
                }
            }
        }

        void awaitReady(int incarnation) throws InterruptedException {
            await(
                    PoolEvent.WorkerTransitioned.class,
                    e -> e.incarnation() >= incarnation && e.to() == WorkerState.READY);
        }

        TransitionCause awaitEnd() throws InterruptedException {
            return await(PoolEvent.WorkerExited.class, e -> true).exit().cause();
        }
    }
}
