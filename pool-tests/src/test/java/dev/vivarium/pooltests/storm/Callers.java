package dev.vivarium.pooltests.storm;

import dev.vivarium.CallTimedOut;
import dev.vivarium.CircuitOpen;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.pooltests.storm.CallBook.Entry;
import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Threads that make one call after the other, each waiting for its outcome, and write down what they get. */
final class Callers {

    /** How long a caller waits beyond its call's deadline before it writes it off as lost. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** A caller that is refused does not ask again at once. */
    private static final Duration AFTER_REFUSAL = Duration.ofMillis(10);

    private final Stage stage;
    private final Options options;
    private final int rounds;
    private final double retrySafeShare;
    private final @Nullable Faults faults;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicInteger made = new AtomicInteger();
    private volatile boolean over;

    /**
     * Creates callers.
     *
     * @param rounds how much the handler computes; 1,000 are about half a millisecond
     * @param retrySafeShare which share of the calls is declared retry-safe
     * @param faults what some of the calls carry with them, or null
     */
    Callers(Stage stage, Options options, int rounds, double retrySafeShare, @Nullable Faults faults) {
        this.stage = stage;
        this.options = options;
        this.rounds = rounds;
        this.retrySafeShare = retrySafeShare;
        this.faults = faults;
    }

    Callers start(int count) {
        for (int i = 0; i < count; i++) {
            Random random = new Random(options.seed() * 31 + i);
            Thread thread = new Thread(() -> loop(random), "storm-caller-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
        return this;
    }

    private void loop(Random random) {
        try {
            while (!over) {
                one(random.nextDouble() < retrySafeShare);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Makes one call. Returns what was written down about it. */
    Entry one(boolean retrySafe) throws InterruptedException {
        Fault fault = faults == null ? null : faults.forNextCall();
        boolean doomed = fault != null && fault.kind().hangs();
        Entry entry = stage.book().begin(retrySafe, doomed, doomed ? stage.deadlineOfTheDoomed() : stage.deadline());
        PythonCall<String> call = call(entry, fault);
        if (options.plants(Sabotage.RERUN) && !retrySafe && entry.number() % 10 == 3) {
            var unused = stage.pool().call(call);
        }
        boolean unsafe = options.plants(Sabotage.UNSAFE) && retrySafe && entry.number() % 10 == 7;
        PendingCall<String> pending = submit(entry, retrySafe && !unsafe ? call.retrySafe() : call);
        boolean stray = options.plants(Sabotage.STRAY) && made.incrementAndGet() % 4 == 2;
        if (unsafe || stray) {
            pending.cancel();
        }
        PoolException error = await(entry, pending);
        if (fault != null) {
            faults.ended(fault, error instanceof CallTimedOut);
        }
        if (error instanceof CircuitOpen) {
            LockSupport.parkNanos(AFTER_REFUSAL.toNanos());
        }
        return entry;
    }

    private PythonCall<String> call(Entry entry, @Nullable Fault fault) {
        PythonCall<String> call = fault == null
                ? PythonCall.to("work").args(entry.token(), rounds).returning(String.class)
                : PythonCall.to("work")
                        .args(entry.token(), rounds, fault.name())
                        .returning(String.class);
        return call.timeout(entry.deadline());
    }

    /** Makes a call whose number the lease watch then knows. */
    PendingCall<String> submit(Entry entry, PythonCall<String> call) {
        PendingCall<String> pending = stage.pool().call(call);
        stage.book().opened(pending.id());
        return pending;
    }

    /** Waits for the outcome, and writes it down when it comes. Returns the error that it is, or null. */
    @Nullable
    PoolException await(Entry entry, PendingCall<String> pending) throws InterruptedException {
        CompletableFuture<@Nullable PoolException> ended = new CompletableFuture<>();
        var unused = pending.whenComplete((reply, failure) -> {
            stage.book().closed(pending.id());
            PoolException error = error(failure);
            Duration took = entry.age();
            if (error == null) {
                answered(entry, String.valueOf(reply), pending.attempts(), took);
            } else {
                failed(entry, error, pending.attempts(), took);
            }
            ended.complete(error);
        });
        try {
            return ended.get(entry.deadline().plus(PATIENCE).toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            return null; // It is lost, which the books show.
        }
    }

    private static @Nullable PoolException error(@Nullable Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause == null || cause instanceof PoolException) {
            return (PoolException) cause;
        }
        throw new IllegalStateException("a call failed with something else than a PoolException", cause);
    }

    private void answered(Entry entry, String reply, int attempts, Duration took) {
        boolean planted = entry.number() % 50 == 20;
        if (planted && options.plants(Sabotage.LOST)) {
            return;
        }
        String what = entry.number() % 50 == 21 && options.plants(Sabotage.FOREIGN)
                ? stage.book().token(entry.number() - 1)
                : reply;
        Duration after = entry.number() % 50 == 22 && options.plants(Sabotage.LATE)
                ? took.plus(entry.deadline()).plusSeconds(2)
                : took;
        entry.answered(what, attempts, after);
        if (entry.number() % 50 == 23 && options.plants(Sabotage.DOUBLED)) {
            entry.answered(what, attempts, after);
        }
    }

    private void failed(Entry entry, PoolException error, int attempts, Duration took) {
        Execution execution = options.plants(Sabotage.MISREPORTED) ? Execution.NOT_STARTED : error.execution();
        String cause =
                error instanceof WorkerCrashed crash ? " of " + crash.exit().cause() : "";
        entry.failed(error.getClass().getSimpleName() + cause, execution, attempts, took);
    }

    /** Has every caller stop after its present call, and waits for them. */
    void stop() throws InterruptedException {
        over = true;
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
