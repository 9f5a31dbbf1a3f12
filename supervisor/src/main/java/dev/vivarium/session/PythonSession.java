package dev.vivarium.session;

import dev.vivarium.CallOutcome;
import dev.vivarium.PendingCall;
import dev.vivarium.PythonCall;
import dev.vivarium.SessionMode;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Source;

/**
 * A session of a pool: its calls see, in {@code ctx.session}, what those before them have left, whatever becomes of workers.
 * A view without resources of its own: getting one costs nothing, and two of one name are the same session. Thread-safe.
 *
 * <p>What a call changes is kept when the call is answered, and only then: after an error, a cancellation, or the end of its
 * worker the state is what it was before.
 */
public interface PythonSession {

    /** Returns the session's name. */
    String id();

    /**
     * Calls a handler. The calls of a session run in the order in which they were made, one at a time. A handler declared
     * {@code @handler(effects="session")} is retry-safe here, because nothing of a lost call remains.
     */
    <T> PendingCall<T> call(PythonCall<T> call);

    /** Calls a handler with positional arguments. */
    default <T> PendingCall<T> call(String handler, Class<T> type, Object... args) {
        return call(PythonCall.to(handler).args(args).returning(type));
    }

    /**
     * Calls a handler unless a call with this key has been answered: then the answer is that one, and nothing is run. Keys and
     * answers are kept beside the state; see {@link dev.vivarium.SessionPolicy#keptAnswers()}.
     *
     * @param idempotencyKey names what is to be done; 1 to 256 characters
     * @throws IllegalArgumentException when the key is empty or too long
     */
    <T> PendingCall<T> callOnce(String idempotencyKey, PythonCall<T> call);

    /**
     * Returns the answer of a handler as a stream, as {@link dev.vivarium.PythonPool#stream(PythonCall)} does. It is one call of
     * the session: others wait for it, and what it changes is kept when its generator has ended; after a stream that was cancelled
     * or failed the state is what it was before, though items have been delivered. The source completes once it is kept.
     */
    <T> Source<T, PendingCall<Long>> stream(PythonCall<T> call);

    /** Returns a flow that feeds a handler, as {@link dev.vivarium.PythonPool#streamThrough(PythonCall)} does. */
    <I, O> Flow<I, O, PendingCall<Long>> streamThrough(PythonCall<O> call);

    /**
     * Returns a flow that calls a handler for each element and emits results in the order of the elements. The first failing
     * call fails the stream.
     *
     * @param parallelism how many calls are made ahead; they still run one at a time
     */
    <I, O> Flow<I, O, NotUsed> flow(int parallelism, Function<I, PythonCall<O>> call);

    /** Returns a flow like {@link #flow} that emits every call's outcome and never fails because of one. */
    <I, O> Flow<I, CallOutcome<O>, NotUsed> outcomes(int parallelism, Function<I, PythonCall<O>> call);

    /** Returns this session with another mode for the calls that are made through it. */
    PythonSession mode(SessionMode mode);

    /**
     * Returns this session for calls that do not wait for each other. Where two of them change the state, the one that is
     * answered later is run again if it may be, and fails with {@link dev.vivarium.SessionConflict} otherwise.
     */
    PythonSession concurrent();

    /** Lets the session go from its worker, after its calls; its state stays. The next call binds it anew. */
    CompletionStage<Done> unbind();

    /** Ends the session, after its calls: it leaves its worker, and its state is forgotten. */
    CompletionStage<Done> end();
}
