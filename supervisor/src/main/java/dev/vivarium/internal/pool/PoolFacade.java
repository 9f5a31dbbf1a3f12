package dev.vivarium.internal.pool;

import dev.vivarium.CallOutcome;
import dev.vivarium.CallTimes;
import dev.vivarium.DrainPolicy;
import dev.vivarium.ErrorReport;
import dev.vivarium.PendingCall;
import dev.vivarium.PendingReplies;
import dev.vivarium.PoolCommand;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.PoolMode;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PoolState;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.RecoveryReport;
import dev.vivarium.Signal;
import dev.vivarium.WorkerId;
import dev.vivarium.WorkerReplies;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.CallIntake;
import dev.vivarium.internal.call.CallToAll;
import dev.vivarium.internal.call.PendingCallImpl;
import dev.vivarium.internal.call.PendingRepliesImpl;
import dev.vivarium.internal.call.SettingOrder;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.context.Setting;
import dev.vivarium.internal.lending.Loan;
import dev.vivarium.internal.router.SessionRouter;
import dev.vivarium.internal.router.WorkersReport;
import dev.vivarium.internal.stream.CallStream;
import dev.vivarium.protocol.message.HandlerInfo;
import dev.vivarium.session.PoolSessions;
import dev.vivarium.session.PythonSession;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Source;

/** The public face of a running pool. */
final class PoolFacade implements PythonPool {

    private static final int EVENT_BUFFER = 10_000;

    private final Pools.Handles handles;
    private final PoolContext context;
    private final ActorSystem<?> system;
    private final boolean owning;

    PoolFacade(Pools.Handles handles, ActorSystem<?> system, boolean owning) {
        this.handles = handles;
        this.context = handles.context();
        this.system = system;
        this.owning = owning;
    }

    @Override
    public String name() {
        return context.config().name();
    }

    @Override
    public <T> PendingCall<T> call(PythonCall<T> call) {
        return submit(call);
    }

    private <T> PendingCallImpl<T> submit(PythonCall<T> call) {
        Loan.requireStack();
        long id = context.nextCallId();
        PendingCallImpl<T> pending = new PendingCallImpl<>(id, call, context.codec(), context.callbacks());
        ActiveCall active = CallIntake.admit(context, call, id, pending, pending::refuse);
        if (active != null) {
            pending.follow(active, () -> handles.router().tell(new SessionRouter.Forget(id)));
            Loan.with(() -> handles.router().tell(new SessionRouter.Submit(active)));
        }
        return pending;
    }

    @Override
    public <T> Source<T, PendingCall<Long>> stream(PythonCall<T> call) {
        return CallStream.source(context, new RouterCalls(handles.router(), active -> {}), call);
    }

    @Override
    public <I, O> Flow<I, O, PendingCall<Long>> streamThrough(PythonCall<O> call) {
        return CallStream.flow(context, new RouterCalls(handles.router(), active -> {}), call);
    }

    @Override
    public <T> PendingReplies<T> callAll(PythonCall<T> call) {
        PendingRepliesImpl<T> replies = replies(call);
        CallToAll all =
                CallToAll.admit(context, call, replies, id -> handles.router().tell(new SessionRouter.Forget(id)));
        if (all != null) {
            tell(new WorkersReport.Call(all));
        }
        return replies;
    }

    @Override
    public <T> CompletionStage<WorkerReplies<T>> configure(String name, PythonCall<T> call) {
        checkedSetting(name);
        PendingRepliesImpl<T> replies = replies(call);
        SettingOrder order = SettingOrder.admit(context, name, call, replies);
        if (order != null) {
            tell(new WorkersReport.Order(order));
        }
        return replies.minimalCompletionStage();
    }

    @Override
    public CompletionStage<Boolean> unconfigure(String name) {
        CompletableFuture<Boolean> over = new CompletableFuture<>();
        tell(new WorkersReport.Forget(checkedSetting(name), over));
        return SessionsFacade.untilClosed(context, over);
    }

    private static String checkedSetting(String name) {
        if (name.isEmpty() || name.length() > MAX_SETTING_NAME) {
            throw new IllegalArgumentException(
                    "a setting's name has 1 to " + MAX_SETTING_NAME + " characters, got " + name.length());
        }
        return name;
    }

    @Override
    public List<String> settings() {
        return context.settings().inForce().stream().map(Setting::name).toList();
    }

    private <T> PendingRepliesImpl<T> replies(PythonCall<T> call) {
        return new PendingRepliesImpl<>(call.resultType(), context.codec(), context.callbacks());
    }

    private void tell(WorkersReport report) {
        handles.router().tell(new SessionRouter.OfWorkers(report));
    }

    @Override
    public PythonSession session(String id) {
        return new SessionFacade(context, handles.router(), id);
    }

    @Override
    public PoolSessions sessions() {
        return new SessionsFacade(context, handles.router());
    }

    @Override
    public <I, O> Flow<I, O, NotUsed> flow(int parallelism, Function<I, PythonCall<O>> call) {
        return Flow.<I>create().mapAsync(parallelism, element -> submit(call.apply(element)));
    }

    @Override
    public <I, O> Flow<I, CallOutcome<O>, NotUsed> outcomes(int parallelism, Function<I, PythonCall<O>> call) {
        return Flow.<I>create().mapAsync(parallelism, element -> outcome(submit(call.apply(element))));
    }

    static <O> CompletionStage<CallOutcome<O>> outcome(PendingCallImpl<O> pending) {
        return pending.handle((value, failure) -> {
            if (failure == null) {
                return new CallOutcome.Succeeded<>(
                        pending.id(),
                        value,
                        pending.attempts(),
                        pending.timeline().orElse(null));
            }
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            if (cause instanceof PoolException error) {
                return new CallOutcome.Failed<>(pending.id(), error, pending.attempts());
            }
            throw new IllegalStateException("a call failed with something else than a PoolException", cause);
        });
    }

    @Override
    public PoolMode mode() {
        return context.mode();
    }

    @Override
    public CompletionStage<PoolSnapshot> whenServing() {
        return context.serving().minimalCompletionStage();
    }

    @Override
    public List<HandlerInfo> handlers() {
        return context.handlers();
    }

    @Override
    public ErrorReport errors() {
        return context.errors().report();
    }

    @Override
    public RecoveryReport recoveries() {
        return context.recovery().report();
    }

    @Override
    public CallTimes times() {
        return context.calls().times();
    }

    @Override
    public PoolSnapshot snapshot() {
        return context.snapshot();
    }

    @Override
    public Source<PoolEvent, NotUsed> events() {
        return Source.<PoolEvent>queue(EVENT_BUFFER).mapMaterializedValue(queue -> {
            context.events().connect(event -> handles.reporter().tell(new Reporter.Publish(event)));
            handles.reporter().tell(new Reporter.Subscribe(queue));
            if (context.state() == PoolState.CLOSED || context.closed().isDone()) {
                queue.complete(); // Nobody is there any more to do it.
            }
            return NotUsed.getInstance();
        });
    }

    @Override
    public void resize(int workers) {
        requireWorkers("resized");
        int most = PoolConfig.MAX_WORKERS - context.config().sizing().overflow();
        if (workers < 1 || workers > most) {
            throw new IllegalArgumentException("workers must be 1 to " + most + ", got " + workers);
        }
        handles.pool().tell(new PoolCommand.Resize(workers));
    }

    private void requireWorkers(String verb) {
        PoolMode mode = context.mode();
        if (mode == PoolMode.SINGLE || mode == PoolMode.DISABLED) {
            throw new IllegalStateException("pool '" + name() + "' cannot be " + verb + ": its mode is " + mode);
        }
    }

    @Override
    public CompletionStage<Done> rollingRestart() {
        try {
            requireWorkers("restarted worker by worker");
        } catch (IllegalStateException e) {
            return CompletableFuture.failedStage(e);
        }
        int most = PoolConfig.MAX_WORKERS - context.config().sizing().overflow();
        if (context.wanted() >= most) {
            return CompletableFuture.failedStage(new IllegalStateException("a rolling restart needs room for one more "
                    + "worker: at most " + (most - 1) + " may be wanted, and there are " + context.wanted()));
        }
        CompletableFuture<Done> over = new CompletableFuture<>();
        handles.pool().tell(new PoolMessage.RestartAll(over));
        var unused = context.closed().thenRun(() -> over.complete(Done.getInstance()));
        return over.minimalCompletionStage();
    }

    @Override
    public void signal(WorkerId worker, int incarnation, Signal signal) {
        if (!worker.pool().equals(name())) {
            throw new IllegalArgumentException(worker + " is not a worker of pool '" + name() + "'");
        }
        handles.pool().tell(new PoolCommand.SendSignal(worker.slot(), incarnation, signal));
    }

    @Override
    public ActorRef<PoolCommand> actor() {
        return handles.pool();
    }

    @Override
    public void close(Duration atMost) {
        close(new PoolCommand.Close(atMost, null));
    }

    @Override
    public void close(Duration atMost, DrainPolicy.Queued queued) {
        close(new PoolCommand.Close(atMost, Objects.requireNonNull(queued, "queued"), null));
    }

    @Override
    public void close() {
        close(context.config().drain().timeout());
    }

    private void close(PoolCommand.Close how) {
        handles.pool().tell(how);
        if (Reporter.isListening(context)) {
            if (owning) {
                var unused = context.closed().thenRun(system::terminate);
            }
            return;
        }
        boolean interrupted = waitFor(context.closed());
        if (owning) {
            system.terminate();
            interrupted |= waitFor(system.getWhenTerminated().toCompletableFuture());
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits; an interrupt ends the patience with calls, not the waiting for the end. Returns whether there was one. */
    private boolean waitFor(CompletableFuture<?> end) {
        boolean interrupted = false;
        while (true) {
            try {
                end.get();
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
                handles.pool().tell(new PoolCommand.Close(Duration.ZERO, null));
            } catch (ExecutionException e) {
                throw new IllegalStateException(e.getCause());
            }
        }
    }

    /** Names the pool and its size. */
    @Override
    public String toString() {
        return "PythonPool(" + name() + ", " + context.snapshot().summary() + ")";
    }
}
