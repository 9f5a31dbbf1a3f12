package dev.vivarium.internal.guardian;

import dev.vivarium.PoolEvent;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.internal.channel.Connection;
import dev.vivarium.internal.channel.PipeData;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.Backoff;
import dev.vivarium.internal.link.GuardianPort;
import dev.vivarium.internal.link.WorkerLink;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.message.Bodies;
import dev.vivarium.protocol.message.GuardianHello;
import dev.vivarium.protocol.message.SignalRequest;
import dev.vivarium.protocol.message.Spawn;
import dev.vivarium.protocol.message.TemplateNews;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Owns the guardian process: starts it, passes requests to it, and replaces it when it dies. */
public final class GuardianActor {

    /** The messages of the guardian's owner. */
    public sealed interface Command {}

    /** Start a worker. */
    public record SpawnWorker(WorkerLink link) implements Command {}

    /** Send a signal to a worker. */
    public record SignalWorker(int slot, int incarnation, int number, boolean group) implements Command {}

    /** A worker was killed and the guardian has not reported its end. */
    public record Suspect(WorkerLink link) implements Command {}

    /** End the guardian, which ends every worker, and stop. */
    public record Stop(Runnable whenGone) implements Command {}

    record Launched(GuardianProcess process) implements Command {}

    record LaunchFailed(Throwable cause) implements Command {}

    record Greeted(GuardianProcess process, GuardianHello hello, Connection connection) implements Command {}

    record OfTemplate(GuardianProcess process, TemplateNews news) implements Command {}

    record Ended(GuardianProcess process, int status) implements Command {}

    record HungUp(GuardianProcess process, String why) implements Command {}

    record LaunchAgain() implements Command {}

    record HelloOverdue(GuardianProcess process) implements Command {}

    record StopOverdue() implements Command {}

    record CleanedUp() implements Command {}

    /** A worker process, by slot and incarnation. */
    record Key(int slot, int incarnation) {}

    /** Told about the guardian's fortunes. Must not block. */
    public interface Listener {
        /** Workers can be started. */
        void up(GuardianHello hello);

        /** The guardian could not be started; it will be tried again. */
        void failed(PoolStartFailed why);
    }

    private static final Logger log = LoggerFactory.getLogger(GuardianActor.class);
    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5), 0.2);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
    /** Java reports the end by signal n as exit status 128 + n. */
    private static final int SIGNALLED = 128;

    private final ActorContext<Command> actor;
    private final TimerScheduler<Command> timers;
    private final PoolContext context;
    private final Listener listener;
    private final Map<Key, WorkerLink> links;
    private final String runId;
    private final TemplateWatch template;
    private final Map<Key, WorkerLink> queued = new LinkedHashMap<>();
    private @Nullable GuardianProcess process;
    private @Nullable Connection connection;
    private @Nullable Runnable whenGone;
    private long requests;
    private @Nullable PoolStartFailed rejected;
    private int failures;
    private int losses;
    private boolean launching;
    private CompletableFuture<GuardianProcess> launch = new CompletableFuture<>();

    private GuardianActor(
            ActorContext<Command> actor,
            TimerScheduler<Command> timers,
            PoolContext context,
            Listener listener,
            Map<Key, WorkerLink> links) {
        this.actor = actor;
        this.timers = timers;
        this.context = context;
        this.listener = listener;
        this.links = links;
        this.template = new TemplateWatch(context);
        this.runId = context.entropy().token(16);
        launch();
    }

    /** Returns the behavior; {@code registry} holds the links. A defect stops it, which ends every worker. */
    public static Behavior<Command> create(PoolContext context, Listener listener, Registry registry) {
        return Behaviors.setup(actor -> Behaviors.withTimers(
                timers -> new GuardianActor(actor, timers, context, listener, registry.links).behavior()));
    }

    /** The links of the processes that live; shared with the input and output thread. */
    public static final class Registry implements GuardianPort {
        private final Map<Key, WorkerLink> links = new ConcurrentHashMap<>();
        private volatile @Nullable ActorRef<Command> owner;

        /** Says where requests go; must be called before the first slot is made, or its request would have no way. */
        public void connect(ActorRef<Command> guardian) {
            owner = guardian;
        }

        private void tell(Command command) {
            ActorRef<Command> guardian = owner;
            if (guardian == null) {
                throw new IllegalStateException("the guardian's actor is not known yet");
            }
            guardian.tell(command);
        }

        @Override
        public void spawn(WorkerLink link) {
            links.put(new Key(link.slot(), link.incarnation()), link);
            tell(new SpawnWorker(link));
        }

        @Override
        public void signal(int slot, int incarnation, int number, boolean group) {
            tell(new SignalWorker(slot, incarnation, number, group));
        }

        @Override
        public void suspect(WorkerLink link) {
            tell(new Suspect(link));
        }

        @Override
        public void forget(WorkerLink link) {
            links.remove(new Key(link.slot(), link.incarnation()), link);
        }
    }

    private Behavior<Command> behavior() {
        return Behaviors.receive(Command.class)
                .onMessage(SpawnWorker.class, this::onSpawnWorker)
                .onMessage(SignalWorker.class, this::onSignalWorker)
                .onMessage(Suspect.class, this::onSuspect)
                .onMessage(Launched.class, this::onLaunched)
                .onMessage(LaunchFailed.class, this::onLaunchFailed)
                .onMessage(Greeted.class, this::onGreeted)
                .onMessage(OfTemplate.class, this::onTemplate)
                .onMessage(HelloOverdue.class, this::onHelloOverdue)
                .onMessage(HungUp.class, this::onHungUp)
                .onMessage(Ended.class, this::onEnded)
                .onMessage(LaunchAgain.class, message -> launch())
                .onMessage(Stop.class, this::onStop)
                .onMessage(StopOverdue.class, message -> onStopOverdue())
                .onMessage(CleanedUp.class, message -> onCleanedUp())
                .onSignal(PostStop.class, signal -> onStopped())
                .build();
    }

    private Behavior<Command> launch() {
        launching = true;
        CompletableFuture<GuardianProcess> starting = CompletableFuture.supplyAsync(
                () -> GuardianProcess.launch(
                        context, runId, launched -> new GuardianConnections(context, launched, links, actor.getSelf())),
                context.io());
        launch = starting;
        actor.pipeToSelf(
                starting, (launched, failure) -> launched != null ? new Launched(launched) : new LaunchFailed(failure));
        return Behaviors.same();
    }

    private Behavior<Command> onLaunched(Launched message) {
        launching = false;
        GuardianProcess launched = message.process();
        if (launched == process) {
            return Behaviors.same(); // Its hello was quicker than the news of its start.
        }
        process = launched;
        launched.onExit(status -> actor.getSelf().tell(new Ended(launched, status)));
        if (whenGone != null) {
            launched.hangUp();
        } else {
            timers.startSingleTimer(
                    HelloOverdue.class,
                    new HelloOverdue(launched),
                    context.config().timeouts().connect());
        }
        return Behaviors.same();
    }

    private Behavior<Command> onLaunchFailed(LaunchFailed message) {
        launching = false;
        Throwable cause = message.cause().getCause() != null ? message.cause().getCause() : message.cause();
        PoolStartFailed why = cause instanceof PoolStartFailed known
                ? known
                : new PoolStartFailed(
                        PoolStartFailed.Reason.NO_RUNTIME_DIRECTORY, "the pool could not be set up: " + cause, cause);
        return failed(why);
    }

    private Behavior<Command> failed(PoolStartFailed why) {
        failures++;
        log.warn("{}", why.getMessage());
        listener.failed(why);
        List<WorkerLink> refused = new ArrayList<>(queued.values());
        queued.clear();
        refused.forEach(link -> link.spawnRefused(String.valueOf(why.getMessage())));
        if (whenGone != null) {
            return cleanUp();
        }
        timers.startSingleTimer(
                LaunchAgain.class,
                new LaunchAgain(),
                BACKOFF.delay(failures, context.entropy().unit()));
        return Behaviors.same();
    }

    private Behavior<Command> onGreeted(Greeted message) {
        if (launching && process == null) {
            onLaunched(new Launched(message.process()));
        }
        if (message.process() != process) {
            return Behaviors.same();
        }
        timers.cancel(HelloOverdue.class);
        GuardianHello hello = message.hello();
        PoolStartFailed unusable = PythonVersion.problem(hello.python(), hello.executable());
        if (unusable != null) {
            rejected = unusable;
            message.process().hangUp();
            return Behaviors.same();
        }
        failures = 0;
        connection = message.connection();
        if (!hello.subreaper() || !hello.deathsig()) {
            log.warn(
                    "this system lacks a child subreaper or a parent-death signal: if the JVM is killed, children of workers may survive it");
        }
        if (!hello.platform().startsWith("linux") && MemoryOrder.of(context.config()) != null) {
            log.warn("the memory of workers is not measured on {}: its limits are not kept", hello.platform());
        }
        if (hello.swept() > 0) {
            log.info("{} processes of an earlier guardian were ended", hello.swept());
        }
        context.events()
                .publish(new PoolEvent.GuardianStarted(
                        hello.pid(), context.clock().now()));
        listener.up(hello);
        template.guardianUp();
        return startQueued();
    }

    private Behavior<Command> onTemplate(OfTemplate message) {
        if (message.process() != process) {
            return Behaviors.same();
        }
        PoolStartFailed useless = template.on(message.news());
        if (useless != null) {
            rejected = useless;
            connection = null;
            message.process().hangUp();
        }
        return startQueued();
    }

    private Behavior<Command> startQueued() {
        if (connection == null || template.isAwaited()) {
            return Behaviors.same();
        }
        List<WorkerLink> waiting = new ArrayList<>(queued.values());
        queued.clear();
        waiting.forEach(this::start);
        return Behaviors.same();
    }

    private Behavior<Command> onSpawnWorker(SpawnWorker message) {
        WorkerLink link = message.link();
        if (connection == null || template.isAwaited()) {
            queued.put(new Key(link.slot(), link.incarnation()), link);
        } else {
            start(link);
        }
        return Behaviors.same();
    }

    private void start(WorkerLink link) {
        GuardianProcess current = process;
        Connection open = connection;
        if (current == null || open == null) {
            link.spawnRefused("the guardian is not running");
            return;
        }
        PipeData.Paths pipes = current.directory().pipes(link.slot(), link.incarnation());
        link.begin(current.loop(), current.page(), pipes);
        Spawn request = new Spawn(
                link.slot(),
                WorkerEnvironment.of(context.config().interpreter()),
                WorkerEnvironment.directory(context.config().interpreter()),
                current.directory().statusPage().toString(),
                context.config().interpreter().arguments(),
                List.of(pipes.toWorker().toString(), pipes.fromWorker().toString()));
        open.send(Frame.of(FrameType.SPAWN, ++requests, link.incarnation(), Bodies.write(request)));
    }

    private Behavior<Command> onSignalWorker(SignalWorker message) {
        Connection open = connection;
        WorkerLink neverStarted = queued.remove(new Key(message.slot(), message.incarnation()));
        if (neverStarted != null) {
            neverStarted.spawnRefused("the guardian was not running");
        } else if (open != null) {
            SignalRequest request =
                    new SignalRequest(message.slot(), message.number(), message.group() ? "group" : "process");
            open.send(Frame.of(FrameType.SIGNAL, ++requests, message.incarnation(), Bodies.write(request)));
        }
        return Behaviors.same();
    }

    /** A guardian that does not do its work is ended: its workers end with it, and all are started anew. */
    private Behavior<Command> onSuspect(Suspect message) {
        WorkerLink link = message.link();
        if (process != null && links.containsValue(link)) {
            log.warn(
                    "the guardian has not reported the end of {}, incarnation {}; it is replaced",
                    context.worker(link.slot()),
                    link.incarnation());
            process.kill();
        }
        return Behaviors.same();
    }

    private Behavior<Command> onHelloOverdue(HelloOverdue message) {
        if (message.process() == process && connection == null) {
            log.warn(
                    "the guardian did not say hello within {}",
                    context.config().timeouts().connect());
            message.process().kill();
        }
        return Behaviors.same();
    }

    private Behavior<Command> onHungUp(HungUp message) {
        if (message.process() == process && connection != null && whenGone == null) {
            log.warn("the guardian's connection ended ({}); it is replaced", message.why());
            connection = null;
            message.process().kill();
        }
        return Behaviors.same();
    }

    private Behavior<Command> onEnded(Ended message) {
        if (message.process() != process) {
            return Behaviors.same();
        }
        GuardianProcess ended = message.process();
        timers.cancel(HelloOverdue.class);
        boolean greeted = connection != null || ended.greeted();
        connection = null;
        process = null;
        String last = ended.lastWords();
        CompletableFuture<Void> closing = CompletableFuture.runAsync(ended::close, context.io());
        if (whenGone != null) {
            actor.pipeToSelf(closing, (done, failure) -> new CleanedUp());
            return Behaviors.same();
        }
        for (WorkerLink link : List.copyOf(links.values())) {
            if (!queued.containsKey(new Key(link.slot(), link.incarnation()))) {
                link.guardianLost();
            }
        }
        PoolStartFailed unusable = rejected;
        rejected = null;
        if (unusable != null) {
            return failed(unusable);
        }
        if (greeted) {
            String detail = "the guardian, pid " + ended.pid() + ", ended with status " + message.status() + last;
            log.warn("{}; it is replaced", detail);
            context.events()
                    .publish(new PoolEvent.GuardianLost(
                            ended.pid(), detail, context.clock().now()));
            return relaunch(message.status());
        }
        return failed(
                PythonVersion.diedBeforeHello(context.config().interpreter().python(), message.status(), last));
    }

    /** Killed from outside, it is replaced at once. Ending by itself again and again would be a defect: that must not spin. */
    private Behavior<Command> relaunch(int status) {
        boolean killed = status == SIGNALLED + 9 || status == SIGNALLED + 15;
        losses = killed ? 0 : losses + 1;
        Duration wait = BACKOFF.delay(losses - 1, context.entropy().unit());
        if (wait.isZero()) {
            return launch();
        }
        timers.startSingleTimer(LaunchAgain.class, new LaunchAgain(), wait);
        return Behaviors.same();
    }

    private Behavior<Command> onStop(Stop message) {
        whenGone = message.whenGone();
        timers.cancel(LaunchAgain.class);
        timers.startSingleTimer(StopOverdue.class, new StopOverdue(), STOP_LIMIT);
        if (connection != null) {
            connection.send(Frame.of(FrameType.DRAIN, 0, 0));
        } else if (process != null) {
            process.hangUp();
        } else if (!launching) {
            return cleanUp();
        }
        return Behaviors.same();
    }

    private Behavior<Command> onStopOverdue() {
        if (process != null) {
            log.warn("the guardian did not end within {}; it is killed", STOP_LIMIT);
            process.kill();
        }
        return Behaviors.same();
    }

    private Behavior<Command> cleanUp() {
        actor.getSelf().tell(new CleanedUp());
        return Behaviors.same();
    }

    private Behavior<Command> onCleanedUp() {
        Runnable done = whenGone;
        whenGone = null;
        if (done != null) {
            done.run();
        }
        return Behaviors.stopped();
    }

    /** Whatever stops this actor, the guardian must see it: an end of its lifeline ends every worker. */
    private Behavior<Command> onStopped() {
        GuardianProcess left = process;
        if (left != null) {
            left.hangUp();
            try {
                context.io().execute(left::close);
            } catch (java.util.concurrent.RejectedExecutionException e) {
                left.close();
            }
        }
        // One that is being launched at this moment has nobody else to end it: its news would come to a dead actor.
        var unused = launch.thenAccept(GuardianProcess::close);
        return Behaviors.same();
    }
}
