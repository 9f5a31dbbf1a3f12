package dev.vivarium.testkit;

import dev.vivarium.CallOutcome;
import dev.vivarium.CallTimeline;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerExit;
import dev.vivarium.testkit.internal.CallStory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tells what happened to a call: how it ended, its attempts, its timeline if it was {@link dev.vivarium.PythonCall#timed()}, and
 * the events around it, as a text to read. The JUnit 5 extension shows it with each test that fails with a
 * {@link PoolException}. Thread-safe.
 */
public final class FailureAnalyzer {

    /** How long the news of a worker's end may be on its way when its call has ended already. */
    private static final Duration NEWS = Duration.ofSeconds(1);

    private final TestPool kit;

    private FailureAnalyzer(TestPool kit) {
        this.kit = kit;
    }

    /** Returns an analyzer of what happens in a test's pool, and in {@link TestPool#others()}. */
    public static FailureAnalyzer of(TestPool kit) {
        return new FailureAnalyzer(kit);
    }

    /**
     * Tells what happened to a call from its outcome and the events of its pool, without a test pool.
     *
     * @param outcome how it ended
     * @param events the events of its pool, in order; those that have nothing to do with the call are left out
     */
    public static String explain(CallOutcome<?> outcome, List<PoolEvent> events) {
        CallStory story = CallStory.of(outcome.callId(), null, outcome.timeline(), events);
        return outcome instanceof CallOutcome.Failed<?> failed
                ? story.failed(failed.error(), failed.attempts())
                : story.other("succeeded", ((CallOutcome.Succeeded<?>) outcome).attempts());
    }

    /** Tells what happened to a call, which may still be on its way. */
    public String explain(PendingCall<?> call) {
        TestPool pool = pools().stream()
                .filter(each -> each.ledger().knows(call))
                .findFirst()
                .orElse(kit);
        PoolException error = Ledger.errorOf(call);
        if (error instanceof WorkerCrashed crashed) {
            awaitNews(pool, crashed.exit());
        }
        CallTimeline timeline = call.timeline().orElse(null);
        CallStory story = CallStory.of(
                call.id(),
                pool.ledger().handlerOf(call.id()),
                timeline,
                pool.events().all());
        return error == null
                ? story.other(call.isDone() ? "succeeded" : "has not ended", call.attempts())
                : story.failed(error, call.attempts());
    }

    private static void awaitNews(TestPool pool, WorkerExit exit) {
        long end = System.nanoTime() + NEWS.toNanos();
        try {
            while (System.nanoTime() < end && pool.events().all().stream().noneMatch(event -> isEndOf(exit, event))) {
                pool.events().awaitChange();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isEndOf(WorkerExit exit, PoolEvent event) {
        return event instanceof PoolEvent.WorkerExited exited
                && exited.exit().worker().equals(exit.worker())
                && exited.exit().incarnation() == exit.incarnation();
    }

    /**
     * Tells what happened to the call that failed with an error. It is found in the ledger; of an error that is no call's in the
     * books, such as one of a stream, the events of the pool are told.
     */
    public String explain(PoolException error) {
        for (TestPool pool : pools()) {
            PendingCall<?> call = pool.ledger().callThatFailedWith(error);
            if (call != null) {
                return explain(call);
            }
        }
        return CallStory.of(0, null, error.timeline().orElse(null), kit.events().all())
                .failed(error, error.attempts().size());
    }

    /** Tells what happened to the call behind a failure: the first {@link PoolException} among it, its causes and what it suppressed. */
    public Optional<String> explainAny(Throwable failure) {
        PoolException error = find(failure, Collections.newSetFromMap(new IdentityHashMap<>()));
        return Optional.ofNullable(error).map(this::explain);
    }

    private static @Nullable PoolException find(@Nullable Throwable failure, Set<Throwable> seen) {
        if (failure == null || !seen.add(failure)) {
            return null;
        }
        if (failure instanceof PoolException found) {
            return found;
        }
        PoolException found = find(failure.getCause(), seen);
        for (Throwable other : failure.getSuppressed()) {
            found = found == null ? find(other, seen) : found;
        }
        return found;
    }

    private List<TestPool> pools() {
        List<TestPool> pools = new ArrayList<>();
        pools.add(kit);
        pools.addAll(kit.others());
        return pools;
    }
}
