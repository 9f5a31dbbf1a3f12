package dev.vivarium.cli;

import dev.vivarium.CallCancelled;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.protocol.RawJson;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Gives the pool no more calls than it has workers, in order. What waits, waits here, where it can be given up without
 * touching what runs. Thread-safe.
 */
final class CallGate {

    /** What a call fails with that was given up before it started. */
    static final class GivenUp extends Exception {
        private static final long serialVersionUID = 1L;

        private GivenUp() {
            super("the run was stopped before this call had started", null, false, false);
        }
    }

    /**
     * How a call ended.
     *
     * @param result what Python returned, or null when the call failed
     * @param failure the call's error, or {@link GivenUp}, or null
     * @param tookNanos from the moment when the pool was given the call: what it waited here is not part of it
     */
    record Ended(@Nullable RawJson result, @Nullable Throwable failure, long tookNanos) {}

    private record Waiting(
            PythonCall<RawJson> call, @Nullable String session, CompletableFuture<Ended> end) {
        void giveUp() {
            end.complete(new Ended(null, new GivenUp(), 0));
        }
    }

    private final PythonPool pool;
    private final int limit;
    private final LongSupplier nanos;
    private final Queue<Waiting> waiting = new ArrayDeque<>();
    private final Map<Long, PendingCall<RawJson>> given = new LinkedHashMap<>();
    private boolean closed;
    private boolean giving;

    /**
     * Creates a gate.
     *
     * @param limit the number of workers
     * @param nanos the clock
     */
    CallGate(PythonPool pool, int limit, LongSupplier nanos) {
        this.pool = pool;
        this.limit = limit;
        this.nanos = nanos;
    }

    /** Has the call made; its stage tells how it ended, and does not fail. */
    CompletionStage<Ended> call(PythonCall<RawJson> call) {
        return call(call, null);
    }

    /** Has the call made, in a session unless that is null. */
    CompletionStage<Ended> call(PythonCall<RawJson> call, @Nullable String session) {
        Waiting one = new Waiting(call, session, new CompletableFuture<>());
        synchronized (this) {
            if (!closed) {
                waiting.add(one);
                give();
                return one.end();
            }
        }
        one.giveUp();
        return one.end();
    }

    // A call that is refused ends at once, on this thread, and would come here again for each that waits.
    private synchronized void give() {
        if (giving) {
            return;
        }
        giving = true;
        try {
            while (given.size() < limit && !waiting.isEmpty()) {
                Waiting next = waiting.remove();
                long began = nanos.getAsLong();
                String session = next.session();
                PendingCall<RawJson> pending = session == null
                        ? pool.call(next.call())
                        : pool.session(session).call(next.call());
                given.put(pending.id(), pending);
                var unused = pending.whenComplete((result, failure) -> {
                    synchronized (this) {
                        given.remove(pending.id());
                        give();
                        notifyAll();
                    }
                    next.end().complete(new Ended(result, cause(failure), nanos.getAsLong() - began));
                });
            }
        } finally {
            giving = false;
        }
    }

    private static @Nullable Throwable cause(@Nullable Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        // Nobody but this gate cancels calls.
        return cause instanceof CallCancelled ? new GivenUp() : cause;
    }

    /** Gives up every call that has not started, now and from now on. Those that run go on. */
    void close() {
        List<Waiting> abandoned;
        List<PendingCall<RawJson>> behind = new ArrayList<>();
        synchronized (this) {
            closed = true;
            abandoned = new ArrayList<>(waiting);
            waiting.clear();
            PoolSnapshot now = pool.snapshot();
            // With an idle worker, what does not run yet is on its way to it. With none, it waits for a worker that is
            // starting or stuck.
            if (now.count(WorkerSnapshot.Phase.IDLE) == 0) {
                Set<Long> running =
                        now.workers().stream().map(WorkerSnapshot::callId).collect(Collectors.toSet());
                given.forEach((id, pending) -> {
                    if (!running.contains(id)) {
                        behind.add(pending);
                    }
                });
            }
        }
        abandoned.forEach(Waiting::giveUp);
        behind.forEach(PendingCall::cancel);
    }

    /** Waits until no call that the pool was given is left: at a gate that is closed, until what runs has ended. */
    synchronized void awaitEnd() throws InterruptedException {
        while (!given.isEmpty()) {
            wait();
        }
    }
}
