package dev.vivarium.testkit.internal;

import dev.vivarium.CallOutcome;
import dev.vivarium.CallTimes;
import dev.vivarium.DrainPolicy;
import dev.vivarium.ErrorReport;
import dev.vivarium.PendingCall;
import dev.vivarium.PendingReplies;
import dev.vivarium.PoolCommand;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolMode;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.RecoveryReport;
import dev.vivarium.Signal;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerReplies;
import dev.vivarium.protocol.message.HandlerInfo;
import dev.vivarium.session.PoolSessions;
import dev.vivarium.session.PythonSession;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Source;

/** A pool whose calls are written into a ledger. */
public final class LedgerPool implements PythonPool {

    /** Where calls are written. */
    public interface Book {
        /** A call was made. */
        void called(PythonCall<?> call, PendingCall<?> pending);

        /** A call was made that may be answered with another's answer. */
        void calledOnce(PythonCall<?> call, PendingCall<?> pending);

        /** A call was made in every worker. */
        void calledAll(PythonCall<?> call, PendingReplies<?> pending);

        /** A call was made whose answer is a stream. */
        void streams(PythonCall<?> call, PendingCall<Long> pending);

        /** A stream is about to make a call, whose id is not known. */
        void streamed(PythonCall<?> call);

        /** A stream told how a call that it made ended. */
        void ended(PythonCall<?> call, CallOutcome<?> outcome);
    }

    private final PythonPool pool;
    private final Book book;

    /** Creates the view. */
    public LedgerPool(PythonPool pool, Book book) {
        this.pool = pool;
        this.book = book;
    }

    @Override
    public <T> PendingCall<T> call(PythonCall<T> call) {
        PendingCall<T> pending = pool.call(call);
        book.called(call, pending);
        return pending;
    }

    @Override
    public <T> Source<T, PendingCall<Long>> stream(PythonCall<T> call) {
        return pool.stream(call).mapMaterializedValue(pending -> noted(call, pending));
    }

    @Override
    public <I, O> Flow<I, O, PendingCall<Long>> streamThrough(PythonCall<O> call) {
        return pool.<I, O>streamThrough(call).mapMaterializedValue(pending -> noted(call, pending));
    }

    private PendingCall<Long> noted(PythonCall<?> call, PendingCall<Long> pending) {
        book.streams(call, pending);
        return pending;
    }

    @Override
    public <T> PendingReplies<T> callAll(PythonCall<T> call) {
        PendingReplies<T> pending = pool.callAll(call);
        book.calledAll(call, pending);
        return pending;
    }

    @Override
    public <T> CompletionStage<WorkerReplies<T>> configure(String name, PythonCall<T> call) {
        return pool.configure(name, call); // The pool makes these calls by itself, any number of them.
    }

    @Override
    public CompletionStage<Boolean> unconfigure(String name) {
        return pool.unconfigure(name);
    }

    @Override
    public List<String> settings() {
        return pool.settings();
    }

    @Override
    public PythonSession session(String id) {
        return new LedgerSession(pool.session(id), pool, book);
    }

    @Override
    public PoolSessions sessions() {
        return pool.sessions();
    }

    @Override
    public <I, O> Flow<I, O, NotUsed> flow(int parallelism, Function<I, PythonCall<O>> call) {
        return pool.flow(parallelism, element -> streamed(call.apply(element)));
    }

    @Override
    public <I, O> Flow<I, CallOutcome<O>, NotUsed> outcomes(int parallelism, Function<I, PythonCall<O>> call) {
        return Flow.<I, CallOutcome<O>, NotUsed>fromMaterializer((materializer, attributes) -> {
                    Queue<PythonCall<O>> made = new ConcurrentLinkedQueue<>(); // Outcomes come in the calls' order.
                    return pool.<I, O>outcomes(parallelism, element -> {
                                PythonCall<O> next = streamed(call.apply(element));
                                made.add(next);
                                return next;
                            })
                            .map(outcome -> {
                                book.ended(made.remove(), outcome);
                                return outcome;
                            });
                })
                .mapMaterializedValue(later -> NotUsed.getInstance());
    }

    private <O> PythonCall<O> streamed(PythonCall<O> call) {
        book.streamed(call);
        return call;
    }

    @Override
    public String name() {
        return pool.name();
    }

    @Override
    public PoolMode mode() {
        return pool.mode();
    }

    @Override
    public CompletionStage<PoolSnapshot> whenServing() {
        return pool.whenServing();
    }

    @Override
    public List<HandlerInfo> handlers() {
        return pool.handlers();
    }

    @Override
    public ErrorReport errors() {
        return pool.errors();
    }

    @Override
    public RecoveryReport recoveries() {
        return pool.recoveries();
    }

    @Override
    public CallTimes times() {
        return pool.times();
    }

    @Override
    public PoolSnapshot snapshot() {
        return pool.snapshot();
    }

    @Override
    public Source<PoolEvent, NotUsed> events() {
        return pool.events();
    }

    @Override
    public void resize(int workers) {
        pool.resize(workers);
    }

    @Override
    public CompletionStage<Done> rollingRestart() {
        return pool.rollingRestart();
    }

    @Override
    public void signal(WorkerId worker, int incarnation, Signal signal) {
        pool.signal(worker, incarnation, signal);
    }

    @Override
    public ActorRef<PoolCommand> actor() {
        return pool.actor();
    }

    @Override
    public void close(Duration atMost) {
        pool.close(atMost);
    }

    @Override
    public void close(Duration atMost, DrainPolicy.Queued queued) {
        pool.close(atMost, queued);
    }

    @Override
    public void close() {
        pool.close();
    }
}
