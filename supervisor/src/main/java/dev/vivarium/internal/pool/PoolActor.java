package dev.vivarium.internal.pool;

import dev.vivarium.PoolCommand;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolDisabled;
import dev.vivarium.PoolMode;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.PoolState;
import dev.vivarium.StartMode;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.router.SessionRouter;
import dev.vivarium.internal.worker.WorkerSlot;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ChildFailed;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The top of a pool: keeps as many slots as are wanted, admits the calls of actors, and closes in order. */
final class PoolActor {

    static final DispatcherSelector DISPATCHER = DispatcherSelector.fromConfig("vivarium.dispatcher");

    private static final Logger log = LoggerFactory.getLogger(PoolActor.class);

    private final ActorContext<PoolCommand> actor;
    private final TimerScheduler<PoolCommand> timers;
    private final PoolContext context;
    private final ActorRef<SessionRouter.Command> router;
    private final WorkerHost host;
    private final AtomicBoolean pressed;
    private final TreeMap<Integer, ActorRef<WorkerSlot.Command>> slots = new TreeMap<>();
    private final Map<Integer, AtomicInteger> incarnations = new HashMap<>();
    private final Set<Integer> dismissed = new HashSet<>();
    private final Set<Integer> overflow = new HashSet<>();
    private final Serving serving;
    private final Map<Integer, WorkerSnapshot> lastSeen = new HashMap<>();
    private final ActorCalls calls;
    private final Recycling recycling;
    private final Closing closing;
    private boolean ending;
    private boolean hostGone;

    private PoolActor(
            ActorContext<PoolCommand> actor,
            TimerScheduler<PoolCommand> timers,
            PoolContext context,
            ActorRef<SessionRouter.Command> router,
            WorkerHost host,
            AtomicBoolean pressed) {
        this.actor = actor;
        this.timers = timers;
        this.context = context;
        this.router = router;
        this.host = host;
        this.pressed = pressed;
        this.serving = new Serving(context, this::disable);
        this.closing = new Closing(actor.getSelf(), timers, context, router);
        this.calls = new ActorCalls(actor, context, router);
        this.recycling = new Recycling(context, new Recycling.Slots() {
            @Override
            public int start() {
                return startSurge();
            }

            @Override
            public void dismiss(int slot, TransitionCause cause) {
                PoolActor.this.dismiss(slot, cause);
            }
        });
    }

    /** Returns the behavior of a pool; {@code handles} are made known before the first message is handled. */
    static Behavior<PoolCommand> create(
            PoolContext context, WorkerHost.Starter starter, Pools.Announcement announcement) {
        return Behaviors.setup(actor -> Behaviors.withTimers(timers -> {
            PoolConfig config = context.config();
            ActorRef<Reporter.Command> reporter = actor.spawn(Reporter.create(context), "reporter", DISPATCHER);
            if (config.eventListener() != null) {
                context.events().connect(event -> reporter.tell(new Reporter.Publish(event)));
            }
            AtomicBoolean pressed = new AtomicBoolean();
            boolean elastic = config.sizing().overflow() > 0 || config.sizing().startMode() == StartMode.LAZY;
            ActorRef<PoolCommand> self = actor.getSelf();
            ActorRef<SessionRouter.Command> router = actor.spawn(
                    SessionRouter.create(context, waiting -> {
                        // One message at a time is enough: the pool looks at the numbers itself.
                        if (elastic && pressed.compareAndSet(false, true)) {
                            self.tell(new PoolMessage.Pressure());
                        }
                    }),
                    "router",
                    DISPATCHER);
            actor.watch(router);
            // Before anything is started: a name that is taken ends this actor here.
            announcement.announce(new Pools.Handles(context, self, router, reporter));
            boolean none = config.operation().mode() == PoolMode.DISABLED;
            WorkerHost host = none ? WorkerHost.none() : starter.start(actor, context);
            PoolActor pool = new PoolActor(actor, timers, context, router, host, pressed);
            pool.start();
            return pool.behavior(announcement);
        }));
    }

    private Behavior<PoolCommand> behavior(Pools.Announcement announcement) {
        return Behaviors.receive(PoolCommand.class)
                .onMessage(PoolCommand.Call.class, this::onCall)
                .onMessage(PoolCommand.GetSnapshot.class, this::onGetSnapshot)
                .onMessage(PoolCommand.Resize.class, this::onResize)
                .onMessage(PoolCommand.SendSignal.class, this::onSendSignal)
                .onMessage(PoolCommand.Close.class, this::onClose)
                .onMessage(PoolMessage.SlotReady.class, this::onSlotReady)
                .onMessage(PoolCommand.RollingRestart.class, this::onRollingRestart)
                .onMessage(PoolMessage.RestartAll.class, this::onRestartAll)
                .onMessage(PoolMessage.SlotSettled.class, this::onSlotSettled)
                .onMessage(PoolMessage.RecycleDue.class, this::onRecycleDue)
                .onMessage(PoolMessage.SlotStartFailed.class, this::onSlotStartFailed)
                .onMessage(PoolMessage.SlotRetired.class, this::onSlotRetired)
                .onMessage(PoolMessage.Pressure.class, this::onPressure)
                .onMessage(PoolMessage.GuardianFailed.class, this::onGuardianFailed)
                .onMessage(PoolMessage.OwnerGone.class, this::onOwnerGone)
                .onMessage(PoolMessage.OwnedCallBegun.class, this::onOwnedCallBegun)
                .onMessage(PoolMessage.OwnedCallEnded.class, this::onOwnedCallEnded)
                .onMessage(PoolMessage.OverflowDue.class, this::onOverflowDue)
                .onMessage(PoolMessage.CallsEnded.class, this::onCallsEnded)
                .onMessage(PoolMessage.CloseDue.class, this::onCloseDue)
                .onMessage(PoolMessage.HostStopped.class, this::onHostStopped)
                .onSignal(ChildFailed.class, this::onChildFailed)
                .onSignal(Terminated.class, signal -> Behaviors.same())
                // Whoever embeds the pool may have it restarted: then another one takes its name.
                .onSignal(PreRestart.class, signal -> onStopped(announcement))
                .onSignal(PostStop.class, signal -> onStopped(announcement))
                .build();
    }

    private void start() {
        if (context.mode() == PoolMode.DISABLED) {
            disable(null);
            return;
        }
        PoolConfig.Sizing sizing = context.config().sizing();
        reconcile();
        slots.values().stream().limit(serving.first()).forEach(slot -> slot.tell(new WorkerSlot.Want()));
        if (sizing.overflow() > 0) {
            timers.startTimerWithFixedDelay(new PoolMessage.OverflowDue(), sizing.overflowIdle());
        }
        if (serving.first() == 0) {
            serving.begin();
        }
    }

    /** Goes on without workers, for good: every call is refused. */
    private void disable(@Nullable PoolStartFailed why) {
        context.disable(why == null ? "its mode is DISABLED" : "AUTO found that " + why.getMessage(), why);
        if (why == null) {
            context.callbacks().execute(() -> {
                PoolDisabled error = context.disabled();
                context.serving().completeExceptionally(error == null ? Closing.beforeItServed() : error);
            });
        }
        router.tell(new SessionRouter.RefuseAll());
        end(new WorkerSlot.EndNow(TransitionCause.RETIRED));
    }

    /** Makes the slots that are wanted and missing, and dismisses those that are there and not wanted. */
    private void reconcile() {
        if (ending) {
            return;
        }
        int kept = slots.size() - dismissed.size() - overflow.size() - recycling.surge();
        for (; kept < context.wanted(); kept++) {
            addSlot();
        }
        for (int slot : slots.descendingKeySet()) {
            if (kept <= context.wanted()) {
                break;
            }
            if (kept(slot) && !recycling.isSurge(slot)) {
                dismiss(slot, TransitionCause.RETIRED);
                kept--;
            }
        }
    }

    private int addSlot() {
        int number = 1;
        while (slots.containsKey(number)) {
            number++;
        }
        if (number > PoolConfig.MAX_WORKERS) {
            return 0; // Retiring slots still hold their numbers; their end brings us here again.
        }
        // Counted from now on, before its actor has had its first turn.
        context.slot(new WorkerSnapshot(
                context.worker(number),
                0,
                WorkerSnapshot.Phase.VACANT,
                0,
                0,
                0,
                0,
                -1,
                null,
                WorkerSnapshot.Health.SOUND));
        ActorRef<WorkerSlot.Command> slot = actor.spawnAnonymous(
                WorkerSlot.create(
                        context,
                        host.drivers(),
                        new PoolPorts.ToRouter(router),
                        new PoolPorts.ToPool(actor.getSelf()),
                        number,
                        incarnations.computeIfAbsent(number, n -> new AtomicInteger())),
                DISPATCHER);
        slots.put(number, slot);
        if (context.config().sizing().startMode() == StartMode.EAGER) {
            slot.tell(new WorkerSlot.Want());
        }
        return number;
    }

    private void dismiss(int slot, TransitionCause cause) {
        dismissed.add(slot);
        overflow.remove(slot);
        tell(slot, new WorkerSlot.Dismiss(cause));
    }

    private void tell(int slot, WorkerSlot.Command command) {
        ActorRef<WorkerSlot.Command> owner = slots.get(slot);
        if (owner != null) {
            owner.tell(command);
        }
    }

    private Behavior<PoolCommand> onCall(PoolCommand.Call<?> message) {
        calls.accept(message);
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onOwnedCallBegun(PoolMessage.OwnedCallBegun message) {
        calls.begun(message.owner(), message.call());
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onOwnedCallEnded(PoolMessage.OwnedCallEnded message) {
        calls.ended(message.owner(), message.callId());
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onOwnerGone(PoolMessage.OwnerGone message) {
        calls.ownerGone(message.owner());
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onGetSnapshot(PoolCommand.GetSnapshot message) {
        message.replyTo().tell(context.snapshot());
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onResize(PoolCommand.Resize message) {
        if (ending || context.mode() == PoolMode.SINGLE) {
            return Behaviors.same();
        }
        int most = PoolConfig.MAX_WORKERS - context.config().sizing().overflow();
        context.wanted(Math.max(1, Math.min(message.workers(), most)));
        reconcile();
        serving.judge();
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onSendSignal(PoolCommand.SendSignal message) {
        tell(message.slot(), new WorkerSlot.SendSignal(message.incarnation(), message.signal(), false));
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onSlotReady(PoolMessage.SlotReady message) {
        serving.slotReady(message.slot(), message.ready());
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onSlotSettled(PoolMessage.SlotSettled message) {
        recycling.settled(message.slot());
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onRecycleDue(PoolMessage.RecycleDue message) {
        if (overflow.contains(message.slot())) {
            recycling.announce(message.slot(), message.incarnation(), message.reason());
            dismiss(message.slot(), TransitionCause.RECYCLED); // It is added again if calls wait.
        } else if (kept(message.slot())) {
            recycling.due(message);
        }
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onRollingRestart(PoolCommand.RollingRestart message) {
        ActorRef<Done> replyTo = message.replyTo();
        return restart(replyTo == null ? () -> {} : () -> replyTo.tell(Done.getInstance()));
    }

    private Behavior<PoolCommand> onRestartAll(PoolMessage.RestartAll message) {
        return restart(() -> context.callbacks().execute(() -> message.over().complete(Done.getInstance())));
    }

    private Behavior<PoolCommand> restart(Runnable whenOver) {
        if (ending || context.mode() == PoolMode.SINGLE) {
            whenOver.run();
            return Behaviors.same();
        }
        recycling.round(
                context.snapshot().workers().stream()
                        .filter(worker -> worker.phase() != WorkerSnapshot.Phase.VACANT)
                        .filter(worker -> slots.containsKey(worker.worker().slot())
                                && kept(worker.worker().slot()))
                        .toList(),
                whenOver);
        return Behaviors.same();
    }

    private boolean kept(int slot) {
        return !dismissed.contains(slot) && !overflow.contains(slot);
    }

    private int startSurge() {
        int slot = ending ? 0 : addSlot();
        if (slot != 0) {
            tell(slot, new WorkerSlot.Want());
        }
        return slot;
    }

    private Behavior<PoolCommand> onSlotStartFailed(PoolMessage.SlotStartFailed message) {
        if (dismissed.contains(message.slot())) {
            return Behaviors.same(); // It was not wanted any more; that says nothing about those that are.
        }
        serving.slotFailed(message.exit(), message.error());
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onGuardianFailed(PoolMessage.GuardianFailed message) {
        serving.guardianFailed(message.why());
        return Behaviors.same();
    }

    /** Calls wait: starts lazy slots, then overflow slots, as many as there are calls that no starting worker is for. */
    private Behavior<PoolCommand> onPressure(PoolMessage.Pressure message) {
        pressed.set(false);
        if (ending) {
            return Behaviors.same();
        }
        List<WorkerSnapshot> workers = context.snapshot().workers();
        long needed = context.stats().waiting()
                - workers.stream()
                        .filter(w -> w.phase() == WorkerSnapshot.Phase.STARTING)
                        .count();
        for (WorkerSnapshot worker : workers) {
            ActorRef<WorkerSlot.Command> slot = slots.get(worker.worker().slot());
            if (needed > 0 && worker.phase() == WorkerSnapshot.Phase.VACANT && slot != null) {
                slot.tell(new WorkerSlot.Want());
                needed--;
            }
        }
        while (needed > 0 && overflow.size() < context.config().sizing().overflow()) {
            int added = addSlot();
            if (added == 0) {
                break;
            }
            overflow.add(added);
            tell(added, new WorkerSlot.Want());
            needed--;
        }
        return Behaviors.same();
    }

    /** Retires overflow workers that have not answered a call since the last look. */
    private Behavior<PoolCommand> onOverflowDue(PoolMessage.OverflowDue message) {
        for (WorkerSnapshot worker : context.snapshot().workers()) {
            int slot = worker.worker().slot();
            WorkerSnapshot before = overflow.contains(slot) ? lastSeen.put(slot, worker) : null;
            if (before != null
                    && worker.phase() == WorkerSnapshot.Phase.IDLE
                    && before.incarnation() == worker.incarnation()
                    && before.completed() == worker.completed()) {
                lastSeen.remove(slot);
                dismiss(slot, TransitionCause.RETIRED);
            }
        }
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onSlotRetired(PoolMessage.SlotRetired message) {
        slots.remove(message.slot());
        dismissed.remove(message.slot());
        overflow.remove(message.slot());
        serving.slotGone(message.slot());
        recycling.gone(message.slot());
        if (ending) {
            return stopGuardianIfAlone();
        }
        reconcile();
        recycling.next();
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onClose(PoolCommand.Close message) {
        closing.request(message);
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onCallsEnded(PoolMessage.CallsEnded message) {
        router.tell(new SessionRouter.RefuseAll());
        return end(new WorkerSlot.Dismiss(TransitionCause.DRAINED));
    }

    private Behavior<PoolCommand> onCloseDue(PoolMessage.CloseDue message) {
        router.tell(new SessionRouter.RefuseAll());
        return end(new WorkerSlot.EndNow(TransitionCause.DRAINED));
    }

    private Behavior<PoolCommand> end(WorkerSlot.Command how) {
        slots.values().forEach(slot -> slot.tell(how));
        if (hostGone) {
            return closed(); // It had been disabled.
        }
        if (!ending) {
            ending = true;
            return stopGuardianIfAlone();
        }
        return Behaviors.same();
    }

    private Behavior<PoolCommand> stopGuardianIfAlone() {
        if (slots.isEmpty()) {
            ActorRef<PoolCommand> self = actor.getSelf();
            host.stop(() -> self.tell(new PoolMessage.HostStopped()));
        }
        return Behaviors.same();
    }

    private Behavior<PoolCommand> onHostStopped(PoolMessage.HostStopped message) {
        if (context.state() == PoolState.DISABLED) {
            hostGone = true;
            return Behaviors.same();
        }
        return closed();
    }

    private Behavior<PoolCommand> closed() {
        context.changeState(PoolState.CLOSED);
        return Behaviors.stopped();
    }

    /** The router or the guardian's owner stopped because of a defect: without them the pool cannot keep its promises. */
    private Behavior<PoolCommand> onChildFailed(ChildFailed signal) {
        log.error(
                "a defect ended {}; the pool '{}' closes",
                signal.getRef().path().name(),
                context.config().name(),
                signal.getCause());
        return Behaviors.stopped();
    }

    private Behavior<PoolCommand> onStopped(Pools.Announcement announcement) {
        context.state(PoolState.CLOSED);
        announcement.withdraw(context);
        slots.keySet().forEach(context::slotEnded); // They have stopped with this actor, however that was stopped.
        closing.failOpenCalls();
        // Closing a file blocks, so it is done elsewhere; whoever finds the pool closed may open it again.
        var unused = context.closeStores().thenRun(() -> {
            // What runs in callbacks is foreign: it may close the pool, and must find it closed.
            context.closed().complete(Done.getInstance());
            context.callbacks().execute(() -> context.serving().completeExceptionally(Closing.beforeItServed()));
            context.endThreads();
            closing.over();
        });
        context.io().shutdown();
        recycling.end();
        return Behaviors.same();
    }
}
