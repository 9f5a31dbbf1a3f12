package dev.vivarium.testkit.internal;

import dev.vivarium.CallOutcome;
import dev.vivarium.PendingCall;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.SessionMode;
import dev.vivarium.protocol.message.HandlerInfo;
import dev.vivarium.session.PythonSession;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Source;

/** A session whose calls are written into a ledger. */
final class LedgerSession implements PythonSession {

    private final PythonSession session;
    private final PythonPool pool;
    private final LedgerPool.Book book;

    LedgerSession(PythonSession session, PythonPool pool, LedgerPool.Book book) {
        this.session = session;
        this.pool = pool;
        this.book = book;
    }

    /** What may run twice because of its handler's declaration counts as declared by its caller. */
    private PythonCall<?> entry(PythonCall<?> call) {
        boolean safe = pool.handlers().stream()
                .anyMatch(handler -> handler.name().equals(call.handler())
                        && handler.effects().equals(HandlerInfo.SESSION_ONLY));
        return safe ? call.retrySafe() : call;
    }

    @Override
    public String id() {
        return session.id();
    }

    @Override
    public <T> PendingCall<T> call(PythonCall<T> call) {
        PendingCall<T> pending = session.call(call);
        book.called(entry(call), pending);
        return pending;
    }

    @Override
    public <T> PendingCall<T> callOnce(String idempotencyKey, PythonCall<T> call) {
        PendingCall<T> pending = session.callOnce(idempotencyKey, call);
        book.calledOnce(entry(call), pending);
        return pending;
    }

    @Override
    public <T> Source<T, PendingCall<Long>> stream(PythonCall<T> call) {
        return session.stream(call).mapMaterializedValue(pending -> noted(call, pending));
    }

    @Override
    public <I, O> Flow<I, O, PendingCall<Long>> streamThrough(PythonCall<O> call) {
        return session.<I, O>streamThrough(call).mapMaterializedValue(pending -> noted(call, pending));
    }

    private PendingCall<Long> noted(PythonCall<?> call, PendingCall<Long> pending) {
        book.streams(entry(call), pending);
        return pending;
    }

    @Override
    public <I, O> Flow<I, O, NotUsed> flow(int parallelism, Function<I, PythonCall<O>> call) {
        return session.flow(parallelism, element -> streamed(call.apply(element)));
    }

    @Override
    public <I, O> Flow<I, CallOutcome<O>, NotUsed> outcomes(int parallelism, Function<I, PythonCall<O>> call) {
        return session.outcomes(parallelism, element -> streamed(call.apply(element)));
    }

    private <O> PythonCall<O> streamed(PythonCall<O> call) {
        book.streamed(entry(call));
        return call;
    }

    @Override
    public PythonSession mode(SessionMode mode) {
        return new LedgerSession(session.mode(mode), pool, book);
    }

    @Override
    public PythonSession concurrent() {
        return new LedgerSession(session.concurrent(), pool, book);
    }

    @Override
    public CompletionStage<Done> unbind() {
        return session.unbind();
    }

    @Override
    public CompletionStage<Done> end() {
        return session.end();
    }
}
