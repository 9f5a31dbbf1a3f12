package dev.vivarium.pooltests.storm;

import dev.vivarium.CallCancelled;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonCall;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.pooltests.storm.CallBook.Entry;
import dev.vivarium.protocol.Execution;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Calls are cancelled at random moments: in the queue, on the way, in the handler, just as they end. Others, that nobody
 * cancels, run on the same workers all the while, and none of them may notice.
 */
final class Cancels {

    private static final int CANCELLING = 6;
    private static final int BYSTANDERS = 2;
    private static final int ROUNDS = 1_000;
    private static final List<String> WAYS = List.of("loop", "wait", "native", "cleanup", "async");
    private static final long FIRST_REACH_NS = 10_000_000;
    private static final long MOST_REACH_NS = 10_000_000_000L;

    private final Options options;
    private final Report report = new Report("storm cancels");
    private final AtomicInteger cancelled = new AtomicInteger();
    private final AtomicInteger queued = new AtomicInteger();
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger late = new AtomicInteger();
    private final Queue<String> harmed = new ConcurrentLinkedQueue<>();
    private final Queue<String> replaced = new ConcurrentLinkedQueue<>();
    private final Set<Integer> victims = ConcurrentHashMap.newKeySet();
    private final AtomicLong reach = new AtomicLong(FIRST_REACH_NS);
    private volatile boolean closing;

    Cancels(Options options) {
        this.options = options;
    }

    private void on(PoolEvent event) {
        if (event instanceof PoolEvent.WorkerExited exited && !closing) {
            replaced.add(exited.exit().detail());
        }
    }

    Report run() throws Exception {
        Machine.describe(report, options);
        report.fact("load before", Machine.load());
        Bounds bounds = new Bounds(options);
        cancels();
        report.checks(bounds.check());
        report.fact("load after", Machine.load());
        return report;
    }

    private void cancels() throws Exception {
        try (Stage stage = new Stage(options, 0, List.of(), this::on)) {
            report.fact("policies", stage.policies());
            Callers bystanders = new Callers(stage, options, ROUNDS, 0, null).start(BYSTANDERS);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < CANCELLING; i++) {
                Random random = new Random(options.seed() * 37 + i);
                Thread thread = new Thread(() -> loop(stage, random), "storm-canceller-" + i);
                thread.setDaemon(true);
                thread.start();
                threads.add(thread);
            }
            for (Thread thread : threads) {
                thread.join();
            }
            bystanders.stop();
            if (options.plants(Sabotage.KILLED)) {
                WorkerSnapshot worker = stage.pool().snapshot().workers().get(0);
                ProcessHandle.of(worker.pid()).ifPresent(ProcessHandle::destroyForcibly);
                Stage.await(Bounds.recovery(), () -> !replaced.isEmpty());
            }
            boolean whole = stage.awaitIdle(Bounds.recovery());
            stage.endWatching();
            closing = true;
            judge(stage, whole);
        }
    }

    private void loop(Stage stage, Random random) {
        Callers caller = new Callers(stage, options, ROUNDS, 0, null);
        try {
            while (cancelled.get() < options.count()) {
                cancelOne(stage, caller, random);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void cancelOne(Stage stage, Callers caller, Random random) throws InterruptedException {
        Entry entry = stage.book().begin(false, stage.deadline());
        victims.add(entry.number());
        String way = WAYS.get(random.nextInt(WAYS.size()));
        int rounds = 500 + random.nextInt(4_000);
        PythonCall<String> call = (way.equals("async")
                        ? PythonCall.to("linger_async").args(entry.token(), rounds)
                        : PythonCall.to("linger").args(entry.token(), way, rounds))
                .returning(String.class)
                .timeout(stage.deadline());
        PendingCall<String> pending = caller.submit(entry, call);
        long until = System.nanoTime() + (long) (random.nextDouble() * reach.get());
        while (!pending.isDone() && until - System.nanoTime() > 0) {
            LockSupport.parkNanos(Math.min(until - System.nanoTime(), 200_000));
        }
        boolean ended = pending.cancel();
        PoolException error = caller.await(entry, pending);
        note(ended, error, entry);
    }

    private void note(boolean ended, @Nullable PoolException error, Entry entry) {
        if (!ended) {
            late.incrementAndGet();
            // The longest wait adapts, so that about one cancel in six comes too late, and many just before.
            reach.updateAndGet(now -> now - now / 20);
            if (error != null) {
                harmed.add(entry.toString());
            }
        } else if (error instanceof CallCancelled) {
            cancelled.incrementAndGet();
            reach.updateAndGet(now -> Math.min(MOST_REACH_NS, now + now / 100));
            (error.execution() == Execution.NOT_STARTED ? queued : running).incrementAndGet();
        } else {
            harmed.add(entry.toString());
        }
    }

    private void judge(Stage stage, boolean whole) throws Exception {
        PoolSnapshot last = stage.pool().snapshot();
        long others = stage.book().entries().stream()
                .filter(entry -> !victims.contains(entry.number()))
                .filter(entry -> entry.outcomes() > 0 && !entry.ok())
                .count();
        report.fact(
                "cancels",
                cancelled + ": " + queued + " before the handler began, " + running + " later; " + late
                        + " came after the call had ended");
        report.fact(
                "calls",
                stage.book().entries().size() + ", of which nobody cancelled or too late: "
                        + stage.book().answered());
        report.fact("latency", stage.book().latencies());
        report.fact("failed calls", stage.book().errors());
        report.checks(new CallChecks(stage.book(), stage.executions()).judge(CallChecks.Counted.of(last)));
        report.check(Check.atLeast("cancels", options.count(), cancelled.get(), ""));
        report.check(Check.atLeast(
                "at every moment", 1, Math.min(queued.get(), Math.min(running.get(), late.get())), " of each"));
        report.check(Check.none(
                "others harmed",
                others + harmed.size(),
                harmed + " " + stage.book().errors()));
        report.check(Check.none("workers replaced", replaced.size() + last.restarts(), replaced.toString()));
        report.check(new Check("workers idle again", whole, "all " + Stage.WORKERS, last.summary()));
        report.check(Check.leases(stage.leases()));
    }
}
