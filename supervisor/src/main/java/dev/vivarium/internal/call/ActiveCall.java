package dev.vivarium.internal.call;

import dev.vivarium.CallAttempt;
import dev.vivarium.CallRejected;
import dev.vivarium.CallStalled;
import dev.vivarium.CallTimedOut;
import dev.vivarium.CallTimeline;
import dev.vivarium.PoolException;
import dev.vivarium.PythonException;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.SessionException;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerId;
import dev.vivarium.internal.attachment.CallAttachments;
import dev.vivarium.internal.attachment.ReplyAttachments;
import dev.vivarium.internal.context.CallBook;
import dev.vivarium.internal.context.ErrorBooks;
import dev.vivarium.internal.context.OpenCall;
import dev.vivarium.internal.context.PoolStats;
import dev.vivarium.internal.core.CircuitBreaker.Outcome;
import dev.vivarium.internal.recovery.Admission;
import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * An accepted call. Whoever ends it first, ends it: a reply, a deadline, a cancellation, a crash and a shutdown may race,
 * and exactly one of them reaches the caller. Thread-safe.
 */
public final class ActiveCall implements OpenCall {

    /** What the worker made of a call. */
    public enum Answer {
        /** Nothing that its caller got to know. */
        NONE,
        /** The handler returned. */
        RETURNED,
        /** The handler raised. */
        RAISED
    }

    /** Gets the one outcome. */
    public interface Sink {
        /** The handler returned; the body is the encoded result. */
        void succeeded(ActiveCall call, byte[] body);

        /** The call failed. */
        void failed(ActiveCall call, PoolException error);
    }

    private final long id;
    private final String handler;
    private final byte[] body;
    private final long deadline;
    private final Duration timeout;
    private final boolean retrySafe;
    private final int maxRetries;
    private final PoolStats stats;
    private final ErrorBooks errors;
    private final Sink sink;
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.QUEUED);
    private final Admission admission;
    private volatile List<CallAttempt> attempts = List.of();
    private final AtomicInteger sent = new AtomicInteger();
    private volatile @Nullable Runnable stopWorker;
    private volatile Answer answer = Answer.NONE;
    private final @Nullable TimelineLog times;
    private final CallBook book;
    private volatile long firstLease = CallBook.NEVER;
    private volatile @Nullable SessionTicket session;
    private volatile @Nullable StreamTicket stream;
    private volatile @Nullable Target target;
    private volatile @Nullable PythonException postponed;
    private volatile CallAttachments attachments = CallAttachments.NONE;
    private final AtomicReference<ReplyAttachments> received = new AtomicReference<>(ReplyAttachments.NONE);
    // Where it was leased to last. Only the thread that leases it uses them, the router's.
    private @Nullable WorkerId worker;
    private int incarnation;

    /**
     * Creates a call that has been counted as accepted.
     *
     * @param deadline on the pool's monotonic clock
     * @param times notes when what happens to it, or null
     */
    public ActiveCall(
            long id,
            String handler,
            byte[] body,
            long deadline,
            Duration timeout,
            boolean retrySafe,
            int maxRetries,
            Admission admission,
            PoolStats stats,
            ErrorBooks errors,
            Sink sink,
            CallBook book,
            @Nullable TimelineLog times) {
        this.id = id;
        this.handler = handler;
        this.body = body;
        this.deadline = deadline;
        this.timeout = timeout;
        this.retrySafe = retrySafe;
        this.maxRetries = maxRetries;
        this.admission = admission;
        this.stats = stats;
        this.errors = errors;
        this.sink = sink;
        this.book = book;
        this.times = times;
    }

    /** Returns the id. */
    public long id() {
        return id;
    }

    /** Returns the handler's name. */
    public String handler() {
        return handler;
    }

    /** Returns the encoded arguments. */
    public byte[] body() {
        return body;
    }

    /** Returns the deadline on the pool's monotonic clock. */
    public long deadline() {
        return deadline;
    }

    /** Returns until when it may wait for a worker: its deadline, or the end of what a call that is tried again has. */
    public long waitsUntil() {
        return admission.waitsUntil(deadline);
    }

    /** Returns the time limit that the deadline came from. */
    public Duration timeout() {
        return timeout;
    }

    /** Makes the call one of a session's; before it is submitted. */
    public void session(SessionTicket ticket) {
        session = ticket;
    }

    /** Returns what makes the call one of a session's, or null. */
    public @Nullable SessionTicket session() {
        return session;
    }

    /** Makes its answer a stream; before it is submitted. */
    public void stream(StreamTicket ticket) {
        stream = ticket;
    }

    /** Returns what makes its answer a stream, or null. */
    public @Nullable StreamTicket stream() {
        return stream;
    }

    /** Returns whether nobody would notice that it is sent again: of a stream, that no item has been passed on. */
    public boolean mayRepeat() {
        StreamTicket ticket = stream;
        return ticket == null || ticket.isUntouched();
    }

    /** Gives it what it carries beside its body, which it holds until it has ended; before it is submitted. */
    void carry(CallAttachments held) {
        attachments = held;
    }

    /** Returns what it carries beside its body. */
    public CallAttachments attachments() {
        return attachments;
    }

    /** Takes what its answer carries, in the place of an earlier one's; before it ends with that. */
    public void received(ReplyAttachments answer) {
        received.getAndSet(answer).release();
    }

    /** Returns whether its answer carries anything. */
    boolean hasReceived() {
        return !Objects.requireNonNull(received.get()).views().isEmpty();
    }

    /** Returns what the answer carries that it has ended with, which is the receiver's to release. */
    public ReplyAttachments takeReceived() {
        return received.getAndSet(ReplyAttachments.NONE);
    }

    /** Makes it a call for one worker and no other; before it is submitted. */
    void target(Target only) {
        target = only;
    }

    /** Returns the only worker that may have it, or null when any may. */
    public @Nullable Target target() {
        return target;
    }

    /** Returns whether the call may run twice. */
    public boolean retrySafe() {
        return retrySafe;
    }

    /** Returns how often it may be sent again. */
    public int maxRetries() {
        return maxRetries;
    }

    /** Returns how often it has been sent. */
    public int sent() {
        return sent.get();
    }

    /** Returns what ended it, if an answer of its worker did. */
    public Answer answer() {
        return answer;
    }

    /** Returns whether it has ended for its caller. */
    public boolean isDone() {
        return phase.get() == Phase.DONE;
    }

    @Override
    public boolean mayHaveStarted() {
        return phase.get() == Phase.LEASED || phase.get() == Phase.COMMITTING || sent.get() > 0;
    }

    @Override
    public List<CallAttempt> attempts() {
        return attempts;
    }

    /** Notes an attempt that was not the last; the router does, and nobody else. */
    public void lost(CallAttempt attempt) {
        List<CallAttempt> more = new ArrayList<>(attempts);
        more.add(attempt);
        attempts = List.copyOf(more);
    }

    /**
     * Notes that its handler asks to be called again later, which the router decides about.
     *
     * @return false when the call has ended
     */
    public boolean postpone(PythonException raised) {
        postponed = raised;
        return phase.get() == Phase.LEASED;
    }

    /**
     * Notes the attempt whose handler asked to be called again; the router does, and nobody else.
     *
     * @return what the handler raised, or null when there is no such attempt that was not noted yet
     */
    public @Nullable PythonException takePostponed() {
        PythonException raised = postponed;
        WorkerId released = worker;
        if (raised == null || released == null) {
            return null;
        }
        postponed = null;
        lost(new CallAttempt(released, incarnation, TransitionCause.RELEASED, Execution.RAN));
        return new PythonException(raised.details(), attempts);
    }

    /** Returns what notes when what happens to the call, or null when it is not timed. */
    public @Nullable TimelineLog times() {
        return times;
    }

    /** Returns what is known of its times; null when it is not timed. */
    public @Nullable CallTimeline timeline() {
        return times == null ? null : times.soFar();
    }

    /** Notes that its answer has been read. */
    public void replied() {
        if (times != null) {
            times.replied();
        }
    }

    /** Notes that its worker has ended, or did not take it. */
    public void attemptOver() {
        if (times != null) {
            times.attemptOver();
        }
    }

    /** Returns the call's leave to run. */
    public Admission admission() {
        return admission;
    }

    /** Returns when it was made, on the pool's monotonic clock. */
    private long arrived() {
        return deadline - timeout.toNanos();
    }

    /** Takes the call out of the queue for a worker; false when it has ended meanwhile. */
    public boolean lease(long now) {
        boolean first = firstLease == CallBook.NEVER;
        if (phase.compareAndSet(Phase.QUEUED, Phase.LEASED)) {
            stats.leased();
            if (first) {
                firstLease = now;
                book.leased(arrived(), now);
            }
            return true;
        }
        return false;
    }

    /** Takes the call out of the queue for this worker; false when it has ended meanwhile. */
    public boolean lease(long now, WorkerId to, int ofIncarnation) {
        if (!lease(now)) {
            return false;
        }
        worker = to;
        incarnation = ofIncarnation;
        admission.resumed(now);
        if (times != null) {
            times.leased(to, ofIncarnation);
        }
        return true;
    }

    /**
     * Notes that the call is about to be written to a worker, and how to stop it there.
     *
     * @return false when it has ended before, and whoever ended it could not know how to stop it
     */
    public boolean sending(Runnable stop) {
        sent.incrementAndGet();
        stopWorker = stop;
        return !isDone();
    }

    /** Puts a leased call back into the queue; false when it has ended meanwhile. */
    public boolean requeue() {
        stopWorker = null;
        attemptOver();
        if (phase.compareAndSet(Phase.LEASED, Phase.QUEUED)) {
            stats.requeued();
            return true;
        }
        return false;
    }

    /** Ends the call with a result; false when it had ended before. */
    public boolean succeed(byte[] result) {
        if (phase.compareAndSet(Phase.LEASED, Phase.DONE)) {
            answer = Answer.RETURNED;
            succeeded(result);
            return true;
        }
        return false;
    }

    private void succeeded(byte[] result) {
        if (times != null) {
            times.end();
        }
        stats.ended(this, true, false);
        book.ended(id, handler, arrived(), firstLease, sent(), null);
        admission.ended(Outcome.SOUND);
        admission.recoveryEnded(null);
        attachments.release();
        sink.succeeded(this, result);
    }

    /** Takes the call for its answer, which nothing else can come before any more; false when it has ended. */
    boolean beginCommit() {
        if (!phase.compareAndSet(Phase.LEASED, Phase.COMMITTING)) {
            return false;
        }
        answer = Answer.RETURNED; // Whatever becomes of what it changed, this is what its worker made of it.
        return true;
    }

    /** Ends the call with a result, once what it changed is stored. */
    void committed(byte[] result) {
        if (phase.compareAndSet(Phase.COMMITTING, Phase.DONE)) {
            succeeded(result);
        }
    }

    /** Ends the call with an error, because what it changed cannot be stored. */
    public void commitFailed(PoolException error) {
        var unused = failFrom(Phase.COMMITTING, error);
    }

    /** Opens the call again: it was answered for a state that is not the present one. */
    void uncommitted() {
        answer = Answer.NONE;
        var unused = phase.compareAndSet(Phase.COMMITTING, Phase.LEASED);
    }

    /** Ends the call with an error wherever it is, because nothing is left that could end it otherwise. */
    @Override
    public boolean abandon(PoolException error) {
        return failFrom(Phase.COMMITTING, error) || fail(error) || failFrom(Phase.COMMITTING, error);
    }

    @Override
    public boolean fail(PoolException error) {
        return failFrom(Phase.LEASED, error) || failFrom(Phase.QUEUED, error) || failFrom(Phase.LEASED, error);
    }

    private boolean failFrom(Phase from, PoolException error) {
        if (phase.compareAndSet(from, Phase.DONE)) {
            ended(from, error);
            return true;
        }
        return false;
    }

    private void ended(Phase from, PoolException error) {
        if (error instanceof PythonException) {
            answer = Answer.RAISED;
        }
        if (times != null) {
            error.initTimeline(times.end());
        }
        stats.ended(this, false, from == Phase.QUEUED);
        errors.failed(handler, error);
        book.ended(id, handler, arrived(), firstLease, sent(), error);
        if (isHung(from, error)) {
            admission.endedHung();
        } else {
            admission.ended(outcome(error));
        }
        admission.recoveryEnded(error);
        attachments.release();
        received(ReplyAttachments.NONE);
        sink.failed(this, error);
    }

    /** Says what an error means to the circuit breakers: a handler that raised has a worker that works. */
    private static Outcome outcome(PoolException error) {
        boolean sound = error instanceof PythonException
                || error instanceof ResultNotDecodable
                || error instanceof CallRejected
                || error instanceof SessionException;
        return sound ? Outcome.SOUND : Outcome.UNTOLD;
    }

    private static boolean isHung(Phase from, PoolException error) {
        boolean late = error instanceof CallTimedOut || error instanceof CallStalled;
        return late && from == Phase.LEASED && error.execution() != Execution.NOT_STARTED;
    }

    /** Makes the error that a cancellation ends with. */
    public interface CancelError {
        /** Returns the error for a call of which this is known. */
        PoolException of(Execution execution);
    }

    /**
     * Ends the call for its caller, and stops it where it runs.
     *
     * @return NOT_STARTED when no worker ever got it, UNKNOWN when one did, RAN when it had ended before
     */
    public Execution cancel(CancelError error) {
        if (phase.compareAndSet(Phase.QUEUED, Phase.DONE)) {
            // A call that waits may have lost a worker before; from here on it is sent to no other.
            Execution execution = sent.get() == 0 ? Execution.NOT_STARTED : Execution.UNKNOWN;
            ended(Phase.QUEUED, error.of(execution));
            return execution;
        }
        if (failFrom(Phase.LEASED, error.of(Execution.UNKNOWN))) {
            Runnable stop = stopWorker;
            if (stop != null) {
                stop.run();
            }
            return Execution.UNKNOWN;
        }
        return failFrom(Phase.QUEUED, error.of(Execution.UNKNOWN)) ? Execution.UNKNOWN : Execution.RAN;
    }

    /** Returns id and handler, never the arguments. */
    @Override
    public String toString() {
        return "call " + id + " of '" + handler + "'";
    }
}
