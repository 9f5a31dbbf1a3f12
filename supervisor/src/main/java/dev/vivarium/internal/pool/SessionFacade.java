package dev.vivarium.internal.pool;

import dev.vivarium.CallOutcome;
import dev.vivarium.PendingCall;
import dev.vivarium.PythonCall;
import dev.vivarium.SessionMode;
import dev.vivarium.SessionRefused;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.CallIntake;
import dev.vivarium.internal.call.PendingCallImpl;
import dev.vivarium.internal.call.SessionTicket;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.lending.Loan;
import dev.vivarium.internal.router.SessionRouter;
import dev.vivarium.internal.session.SessionReport;
import dev.vivarium.internal.stream.CallStream;
import dev.vivarium.protocol.Execution;
import dev.vivarium.session.PythonSession;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;

/** The public face of a session. */
final class SessionFacade implements PythonSession {

    private static final int LONGEST_NAME = 256;

    private final PoolContext context;
    private final ActorRef<SessionRouter.Command> router;
    private final String id;
    private final SessionMode mode;
    private final boolean concurrent;

    SessionFacade(PoolContext context, ActorRef<SessionRouter.Command> router, String id) {
        this(
                context,
                router,
                checked("a session's name", id),
                context.config().sessions().mode(),
                false);
    }

    private SessionFacade(
            PoolContext context,
            ActorRef<SessionRouter.Command> router,
            String id,
            SessionMode mode,
            boolean concurrent) {
        this.context = context;
        this.router = router;
        this.id = id;
        this.mode = mode;
        this.concurrent = concurrent;
    }

    static String checked(String what, String name) {
        if (name.isEmpty() || name.length() > LONGEST_NAME) {
            throw new IllegalArgumentException(
                    what + " has 1 to " + LONGEST_NAME + " characters, got " + name.length());
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
            throw new IllegalArgumentException(what + " is Unicode text, got one with half of a surrogate pair");
        }
        return name;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public <T> PendingCall<T> call(PythonCall<T> call) {
        return submit(call, null);
    }

    @Override
    public <T> PendingCall<T> callOnce(String idempotencyKey, PythonCall<T> call) {
        return submit(call, checked("an idempotency key", idempotencyKey));
    }

    private <T> PendingCallImpl<T> submit(PythonCall<T> call, @Nullable String key) {
        Loan.requireStack();
        long callId = context.nextCallId();
        PendingCallImpl<T> pending = new PendingCallImpl<>(callId, call, context.codec(), context.callbacks());
        ActiveCall active = CallIntake.admit(context, call, callId, pending, pending::refuse);
        if (active != null) {
            active.session(new SessionTicket(id, mode, concurrent, key));
            pending.follow(active, () -> router.tell(new SessionRouter.Forget(callId)));
            if (key != null && context.config().sessions().keptAnswers() == 0) {
                active.fail(keepsNoAnswers(active));
            } else {
                Loan.with(() -> router.tell(new SessionRouter.Submit(active)));
            }
        }
        return pending;
    }

    @Override
    public <T> Source<T, PendingCall<Long>> stream(PythonCall<T> call) {
        return CallStream.source(context, streamed(), call);
    }

    @Override
    public <I, O> Flow<I, O, PendingCall<Long>> streamThrough(PythonCall<O> call) {
        return CallStream.flow(context, streamed(), call);
    }

    private RouterCalls streamed() {
        return new RouterCalls(router, active -> active.session(new SessionTicket(id, mode, concurrent, null)));
    }

    private SessionRefused keepsNoAnswers(ActiveCall call) {
        return new SessionRefused(
                id,
                SessionRefused.Reason.NO_ANSWERS_KEPT,
                0,
                Execution.NOT_STARTED,
                call.attempts(),
                call
                        + " was not run: it has an idempotency key, and sessions.kept-answers is 0, so that a repeated call would"
                        + " run again");
    }

    @Override
    public <I, O> Flow<I, O, NotUsed> flow(int parallelism, Function<I, PythonCall<O>> call) {
        return Flow.<I>create().mapAsync(parallelism, element -> submit(call.apply(element), null));
    }

    @Override
    public <I, O> Flow<I, CallOutcome<O>, NotUsed> outcomes(int parallelism, Function<I, PythonCall<O>> call) {
        return Flow.<I>create().mapAsync(parallelism, element -> PoolFacade.outcome(submit(call.apply(element), null)));
    }

    @Override
    public PythonSession mode(SessionMode other) {
        return new SessionFacade(context, router, id, other, concurrent);
    }

    @Override
    public PythonSession concurrent() {
        return new SessionFacade(context, router, id, mode, true);
    }

    @Override
    public CompletionStage<Done> unbind() {
        return leave(false);
    }

    @Override
    public CompletionStage<Done> end() {
        return leave(true);
    }

    private CompletionStage<Done> leave(boolean forget) {
        CompletableFuture<Done> over = new CompletableFuture<>();
        router.tell(new SessionRouter.Session(new SessionReport.Unbind(id, forget, over)));
        return SessionsFacade.untilClosed(context, over);
    }

    /** Names the session and its pool. */
    @Override
    public String toString() {
        return "PythonSession(" + id + " of " + context.config().name() + ")";
    }
}
