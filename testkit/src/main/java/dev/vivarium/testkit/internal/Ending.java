package dev.vivarium.testkit.internal;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Ends what a test may have made unable to end, such as a pool whose scripted handler blocks. */
public final class Ending {

    private Ending() {}

    /**
     * Runs something on a thread of its own, for no longer than a limit. Then it is a problem, told with what every thread of
     * the pool's does, these are interrupted, and it may take as long again.
     *
     * @param pool what the names of the pool's threads contain
     */
    public static void within(Duration limit, String pool, FaultPlan problems, Runnable closing) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        problems.thread("testkit-end-" + pool, () -> {
            try {
                closing.run();
            } finally {
                var unused = done.complete(true);
            }
        });
        if (isDone(done, limit)) {
            return;
        }
        StringBuilder dump = new StringBuilder("the pool did not end within " + limit.toSeconds() + " s:");
        Map<Thread, StackTraceElement[]> threads = Thread.getAllStackTraces();
        threads.forEach((thread, stack) -> {
            if (thread.getName().contains(pool)) {
                dump.append("\n\"").append(thread.getName()).append("\" ").append(thread.getState());
                List.of(stack).forEach(frame -> dump.append("\n    at ").append(frame));
            }
        });
        problems.problem(dump.toString());
        threads.keySet().stream()
                .filter(thread -> thread.getName().contains(pool))
                .forEach(Thread::interrupt);
        var unused = isDone(done, limit);
    }

    private static boolean isDone(CompletableFuture<Boolean> done, Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return done.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true; // As closing a pool does: it ends first.
                } catch (TimeoutException e) {
                    return false;
                } catch (ExecutionException e) {
                    throw new IllegalStateException(e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
