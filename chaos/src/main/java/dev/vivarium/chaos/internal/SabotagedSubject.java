package dev.vivarium.chaos.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerState;
import dev.vivarium.chaos.Sabotage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the runner sees of a pool, with wrongs in it. */
final class SabotagedSubject extends Subject {

    /** Of so many calls, each wrong befalls one. */
    private static final int EVERY = 16;

    private static final Duration SLOW = Duration.ofSeconds(15);
    /** More than any scenario has workers, and each may be restarted within a second. */
    private static final int STORM = 400;

    private final Set<Sabotage> planted;
    private final Path kit;
    private final Duration late;
    private final Set<Sabotage> befallen = ConcurrentHashMap.newKeySet();
    private volatile boolean landed;
    private volatile PoolEvent.@Nullable WorkerExited lastExit;

    /**
     * Creates the view.
     *
     * @param planted the wrongs
     * @param kit the folder of the test pool
     * @param timeout the calls' deadline
     */
    SabotagedSubject(Supplier<PythonPool> pool, Set<Sabotage> planted, Path kit, Duration timeout) {
        super(pool);
        this.planted = planted;
        this.kit = kit;
        late = timeout.plusSeconds(5);
    }

    private boolean has(Sabotage wrong) {
        return planted.contains(wrong);
    }

    /** Whether a wrong befalls what is there for it. */
    private boolean befalls(Sabotage wrong) {
        return has(wrong) && note(wrong);
    }

    private boolean note(Sabotage wrong) {
        befallen.add(wrong);
        return true;
    }

    /** Whether a wrong of single calls befalls this one; no two befall the same. */
    private boolean isDue(Sabotage wrong, int number) {
        return has(wrong) && number % EVERY == wrong.ordinal() && note(wrong);
    }

    @Override
    List<String> troubles() {
        return planted.stream()
                .filter(wrong -> !befallen.contains(wrong))
                .map(wrong -> "the sabotage " + wrong.word() + " has had nothing to befall in this run")
                .toList();
    }

    @Override
    CompletionStage<?> call(
            PythonCall<JsonNode> call, @Nullable String session, int number, BiConsumer<Call.Outcome, Told> told) {
        if (isDue(Sabotage.LOSE_OUTCOME, number)) {
            var unused = send(call, session);
            return new CompletableFuture<>();
        } else if (isDue(Sabotage.LATE_OUTCOME, number)) {
            return late(call, session, number, told, late);
        } else if (isDue(Sabotage.EXECUTE_TWICE, number)) {
            PendingCall<JsonNode> pending = send(call, session);
            return pending.handle((answer, error) -> {
                for (int i = 0; i < 5; i++) { // More often than any call may be sent.
                    record(pending.id());
                }
                tell(told, answer, error, pending.attempts());
                return answer;
            });
        } else if (isDue(Sabotage.MISREPORT, number)) {
            // One that is refused, and so is said not to have started.
            record(send(PythonCall.to("no_such_handler"), null).id());
        } else if (isDue(Sabotage.FAIL_CALLS, number) || (landed && befalls(Sabotage.STAY_BROKEN))) {
            PendingCall<JsonNode> pending = send(call, session);
            var unused = pending.cancel();
            return pending.handle((answer, error) -> {
                tell(told, answer, error, pending.attempts());
                return answer;
            });
        } else if (landed && befalls(Sabotage.STAY_SLOW)) {
            return late(call, session, number, told, SLOW);
        }
        return super.call(call, session, number, (how, what) -> told.accept(how, changed(session, number, what)));
    }

    private Told changed(@Nullable String session, int number, Told what) {
        JsonNode answer = what.answer();
        int attempts = befalls(Sabotage.RETRY_STORM) ? what.attempts() + STORM : what.attempts();
        if (session == null && what.error() == null && isDue(Sabotage.FOREIGN_ANSWER, number)) {
            answer = JsonNodeFactory.instance.arrayNode().add("0-0").add(0);
        } else if (session != null && answer != null && answer.asLong() > 1 && befalls(Sabotage.LOSE_COMMIT)) {
            answer = new LongNode(1);
        }
        return new Told(answer, what.error(), attempts);
    }

    private CompletionStage<?> late(
            PythonCall<JsonNode> call,
            @Nullable String session,
            int number,
            BiConsumer<Call.Outcome, Told> told,
            Duration by) {
        Executor later = CompletableFuture.delayedExecutor(by.toMillis(), TimeUnit.MILLISECONDS);
        CompletableFuture<Object> end = new CompletableFuture<>();
        var unused = super.call(
                call,
                session,
                number,
                (how, what) -> later.execute(() -> {
                    told.accept(how, what);
                    end.complete(how);
                }));
        return end;
    }

    private static void tell(
            BiConsumer<Call.Outcome, Told> told, @Nullable JsonNode answer, @Nullable Throwable error, int attempts) {
        told.accept(error == null ? Call.Outcome.OK : Call.Outcome.FAILED, new Told(answer, error, attempts));
    }

    /** Has Python's record say that a call was executed. */
    private void record(long callId) {
        try {
            Files.writeString(
                    kit.resolve("record"),
                    callId + " STARTED x/1\n" + callId + " FINISHED x/1\n",
                    StandardOpenOption.APPEND,
                    StandardOpenOption.CREATE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    PoolSnapshot snapshot() {
        PoolSnapshot real = super.snapshot();
        int slots = real.workers().size() - (befalls(Sabotage.LOSE_LEASE) ? 1 : 0);
        int waiting = real.waiting() + (befalls(Sabotage.ENDLESS_QUEUE) ? 10_000_000 : 0);
        return with(real, waiting, Math.max(0, slots));
    }

    private static PoolSnapshot with(PoolSnapshot real, int waiting, int slots) {
        return new PoolSnapshot(
                real.pool(),
                real.state(),
                real.wanted(),
                waiting,
                real.oldestWait(),
                real.accepted(),
                real.succeeded(),
                real.failed(),
                real.retried(),
                real.restarts(),
                real.ejections(),
                real.lateReplies(),
                real.droppedLogLines(),
                real.ladder(),
                real.sessions(),
                real.openCircuits(),
                real.workers().subList(0, slots));
    }

    @Override
    void event(PoolEvent event, Consumer<PoolEvent> to) {
        to.accept(event);
        if (event instanceof PoolEvent.WorkerExited exited) {
            lastExit = exited;
        }
        if (event instanceof PoolEvent.WorkerTransitioned moved
                && moved.to() == WorkerState.INITIALIZING
                && moved.incarnation() > 1) {
            if (befalls(Sabotage.RESTART_STORM)) {
                again(moved, null, to);
            }
            if (befalls(Sabotage.RESTART_BURST)) {
                again(moved, lastExit, to);
            }
        }
    }

    private static void again(
            PoolEvent.WorkerTransitioned moved, PoolEvent.@Nullable WorkerExited exit, Consumer<PoolEvent> to) {
        for (int i = 1; i < STORM; i++) {
            if (exit != null) {
                to.accept(exit);
            }
            to.accept(new PoolEvent.WorkerTransitioned(
                    new WorkerId(moved.worker().pool(), moved.worker().slot()),
                    moved.incarnation(),
                    null,
                    moved.to(),
                    moved.cause(),
                    moved.at()));
        }
    }

    @Override
    void landed() {
        landed = true;
        if (befalls(Sabotage.LOSE_WORKER)) {
            pool().resize(pool().snapshot().wanted() - 1);
        }
    }

    @Override
    void ending() {
        if (befalls(Sabotage.LEAVE_FILE)) {
            try {
                Files.writeString(kit.resolve("tmp").resolve("left"), "left");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
