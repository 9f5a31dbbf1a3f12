package dev.vivarium.internal.core.model;

import dev.vivarium.TransitionCause;
import dev.vivarium.internal.core.SlotEvent;
import dev.vivarium.internal.core.SlotEvent.Timer;
import dev.vivarium.internal.core.SlotEvent.Verdict;
import dev.vivarium.internal.core.model.LinkWorld.Stage;
import dev.vivarium.internal.core.model.Move.Kind;
import dev.vivarium.internal.core.model.ToSlot.Sender;
import dev.vivarium.protocol.Execution;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What may happen around the actors: processes, their links, the guardian, callers, time.
 *
 * <p>A link tells the slot of an exit only after the end of the data channel, whichever of the two it learns first; so here
 * the exit is reported after the channel's end, and both orders of learning are the same.
 */
class Environment {

    /** An id that no call has. */
    private static final int NO_CALL = 15;

    private static final Set<Kind> PROMPT = EnumSet.of(
            Kind.SLOT_RECEIVES,
            Kind.ROUTER_RECEIVES_FROM_SLOT,
            Kind.ROUTER_RECEIVES_FROM_CALLER,
            Kind.ROUTER_RECEIVES_FROM_POOL,
            Kind.CANCEL_REACHES_WORKER,
            Kind.BORN,
            Kind.SAYS_HELLO,
            Kind.LOADS,
            Kind.KILL_STRIKES,
            Kind.CHANNEL_END_READ,
            Kind.EXIT_REPORTED);

    private record Moves(PoolWorld world, List<Move> list) {
        void add(Kind kind, int who, int what) {
            if (kind.adversity == null || world.may(kind.adversity)) {
                list.add(new Move(kind, who, what));
            }
        }

        void add(Kind kind, int who) {
            add(kind, who, 0);
        }
    }

    List<Move> moves(PoolWorld world) {
        Moves moves = new Moves(world, new ArrayList<>(24));
        for (SlotWorld slot : world.slots) {
            mail(slot, moves);
            timers(world, slot, moves);
            if (slot.link != null) {
                process(slot, slot.link, moves);
                link(slot, slot.link, moves);
            }
            if (slot.straggler != null) {
                moves.add(Kind.STRAGGLING_REPLY_READ, slot.number);
                moves.add(Kind.STRAGGLING_REPLY_DROPPED, slot.number);
            }
            if (!slot.dismissed) {
                if (!slot.wanted && world.router().waiting() > 0) {
                    moves.add(Kind.WANTED, slot.number);
                }
                moves.add(Kind.DISMISS, slot.number);
                moves.add(Kind.END_NOW, slot.number);
            }
        }
        calls(world, moves);
        router(world, moves);
        if (world.time < world.scenario.time() && world.deciding == null) { // A decision takes no time.
            moves.add(Kind.TIME_PASSES, 0);
        }
        if (!world.closed) {
            moves.add(Kind.CLOSE, 0);
        }
        moves.add(Kind.GUARDIAN_LOST, 0);
        return world.scenario.prompt() ? promptOf(moves.list()) : moves.list();
    }

    /** Where something happens promptly, nothing else happens before it. */
    private static List<Move> promptOf(List<Move> moves) {
        for (Move move : moves) {
            boolean restart = move.kind() == Kind.TIMER && move.what() == Timer.BACKOFF.ordinal();
            if (restart || PROMPT.contains(move.kind())) {
                return List.of(move);
            }
        }
        return moves;
    }

    private static void calls(PoolWorld world, Moves moves) {
        for (CallWorld call : world.calls) {
            if (!call.made) {
                moves.add(Kind.CALLS, call.id);
                return; // The others are made after it.
            }
            if (call.cancelStops) {
                moves.add(Kind.CANCEL_REACHES_WORKER, call.id);
            } else if (!call.isDone()) {
                moves.add(Kind.CANCEL, call.id);
            }
        }
    }

    /** The router does one thing after the other; what it does with a lost call takes several steps of others' time. */
    private static void router(PoolWorld world, Moves moves) {
        if (world.deciding != null) {
            moves.add(Kind.ROUTER_DECIDES, 0);
            return;
        }
        for (SlotWorld slot : world.slots) {
            if (!slot.toRouter.isEmpty()) {
                moves.add(Kind.ROUTER_RECEIVES_FROM_SLOT, slot.number);
            }
        }
        for (CallWorld call : world.calls) {
            if (!call.toRouter.isEmpty()) {
                moves.add(Kind.ROUTER_RECEIVES_FROM_CALLER, call.id);
            }
            if (call.retryTimer && call.due <= world.time) {
                moves.add(Kind.RETRY_DUE, call.id);
            }
        }
        if (!world.fromPool.isEmpty()) {
            moves.add(Kind.ROUTER_RECEIVES_FROM_POOL, 0);
        }
        if (world.nextDeadline <= world.time) {
            moves.add(Kind.ROUTER_DEADLINE, 0);
        }
        moves.add(Kind.ROUTER_FAILS, 0);
    }

    private static void mail(SlotWorld slot, Moves moves) {
        for (Sender sender : Sender.values()) {
            if (!slot.inbox[sender.ordinal()].isEmpty()) {
                moves.add(Kind.SLOT_RECEIVES, slot.number, sender.ordinal());
            }
        }
    }

    private static void timers(PoolWorld world, SlotWorld slot, Moves moves) {
        if (slot.deadlineCall != 0 && world.order(slot.deadlineCall).deadline() <= world.time) {
            moves.add(Kind.SLOT_DEADLINE, slot.number);
        }
        for (Timer timer : Timer.values()) {
            if (slot.runs(timer)) {
                Kind kind = switch (timer) {
                    case CONNECT, LOAD -> Kind.START_OVERDUE;
                    case HEALTH -> Kind.HEALTH_DUE;
                    case PONG -> Kind.PONG_OVERDUE;
                    case EXIT, TERMINATE -> goesByItself(slot.link) ? Kind.EXIT_OVERDUE : Kind.TIMER;
                    // What it tells is on its way, so that only a slow one makes the timer fire.
                    case STACKS -> slot.link != null && slot.link.isAlive() ? Kind.EXIT_OVERDUE : Kind.TIMER;
                    case BACKOFF, FENCE, PROBE, EJECTION -> Kind.TIMER;
                };
                moves.add(kind, slot.number, timer.ordinal());
            }
        }
    }

    /** Whether the process will end without more being done, so that only a slow end makes the timer fire. */
    private static boolean goesByItself(LinkWorld link) {
        return link == null
                || link.stage == Stage.DEAD
                || link.killAsked
                || (link.isActive() && !link.readerDone && link.toProcess.contains(LinkWorld.DRAIN));
    }

    private static void process(SlotWorld slot, LinkWorld link, Moves moves) {
        int who = slot.number;
        if (link.stage == Stage.ASKED) {
            moves.add(Kind.BORN, who);
            moves.add(Kind.SPAWN_REFUSED, who);
            if (link.killAsked) {
                moves.add(Kind.SPAWN_WITHDRAWN, who);
            }
            return;
        }
        if (!link.isAlive()) {
            return;
        }
        if (link.killAsked) {
            moves.add(Kind.KILL_STRIKES, who);
            moves.add(Kind.KILL_LOST, who);
        }
        if (link.isActive() && !link.readerDone) {
            switch (link.stage) {
                case CONNECTING -> moves.add(Kind.SAYS_HELLO, who);
                case LOADING -> {
                    moves.add(Kind.LOADS, who);
                    moves.add(Kind.CANNOT_LOAD, who);
                }
                case RUNNING -> {
                    moves.add(Kind.REPLIES, who);
                    moves.add(Kind.HANGS, who);
                }
                default -> {
                    if (link.stage == Stage.SERVING && !link.toProcess.isEmpty()) {
                        moves.add(Kind.TAKES_FRAME, who);
                    }
                }
            }
            moves.add(Kind.VIOLATES, who);
            moves.add(Kind.CLOSES_CHANNEL, who);
            if (link.reply == 0) { // Else it babbles behind its reply, which another order of moves covers.
                moves.add(Kind.BABBLES_HELLO, who);
                moves.add(Kind.BABBLES_READY, who);
                moves.add(Kind.BABBLES_LOAD_FAILURE, who);
            }
        }
        moves.add(Kind.OUTGROWS, who);
        moves.add(Kind.CRASH, who);
        moves.add(Kind.KILL, who);
    }

    private static void link(SlotWorld slot, LinkWorld link, Moves moves) {
        int who = slot.number;
        if (link.reply != 0 && !link.readerDone) {
            moves.add(Kind.REPLY_READ, who);
            moves.add(Kind.BAD_REPLY_READ, who);
        } else if (link.stage == Stage.DEAD && !link.readerDone && !(link.neverConnected && link.reported)) {
            moves.add(Kind.CHANNEL_END_READ, who);
        }
        if (link.stage == Stage.DEAD && (link.readerDone || link.neverConnected) && !link.reported) {
            moves.add(Kind.EXIT_REPORTED, who);
        }
        if (link.stage == Stage.DEAD && !link.readerDone && !link.neverConnected && !link.reported) {
            moves.add(Kind.EXIT_REPORTED_EARLY, who);
        }
        if (link.stage == Stage.SERVING && !link.readerDone) {
            moves.add(Kind.ANSWERS_ASTRAY, who);
        }
        if (link.pings > 0 && link.isAlive()) {
            moves.add(Kind.ANSWERS_PING, who);
        }
    }

    /** Lets one of these moves happen; the actors' own moves are not among them. */
    void happen(PoolWorld world, Move move) {
        switch (move.kind()) {
            case TIME_PASSES -> world.time++;
            case CANCEL -> cancel(world.call(move.who()));
            case CANCEL_REACHES_WORKER -> cancelReaches(world, world.call(move.who()));
            case DISMISS -> end(world.slots[move.who()], new SlotEvent.Unwanted(TransitionCause.RETIRED));
            case END_NOW -> end(world.slots[move.who()], new SlotEvent.EndNow(TransitionCause.DRAINED));
            case CLOSE -> close(world);
            case WANTED -> want(world.slots[move.who()]);
            case GUARDIAN_LOST -> loseGuardian(world);
            case STRAGGLING_REPLY_READ -> {
                SlotWorld slot = world.slots[move.who()];
                readReply(world, slot, slot.straggler, Verdict.NONE);
                slot.straggler = null;
            }
            case STRAGGLING_REPLY_DROPPED -> world.slots[move.who()].straggler = null;
            default -> live(world, world.slots[move.who()], world.slots[move.who()].link, move.kind());
        }
    }

    private void live(PoolWorld world, SlotWorld slot, LinkWorld link, Kind kind) {
        int incarnation = link.incarnation;
        switch (kind) {
            case BORN -> link.stage = Stage.CONNECTING;
            case SPAWN_REFUSED, SPAWN_WITHDRAWN -> {
                link.die(TransitionCause.SPAWN_FAILED);
                link.readerDone = true;
                link.reported = true;
                slot.tell(Sender.LINK, new SlotEvent.SpawnRefused(incarnation));
            }
            case SAYS_HELLO -> {
                link.stage = Stage.GREETING;
                slot.tell(Sender.LINK, new SlotEvent.Hello(incarnation));
            }
            case LOADS -> {
                link.stage = Stage.SERVING;
                slot.tell(Sender.LINK, new SlotEvent.Loaded(incarnation));
            }
            case CANNOT_LOAD -> {
                slot.tell(Sender.LINK, new SlotEvent.LoadFailed(incarnation));
                link.die(TransitionCause.LOAD_FAILED);
            }
            case TAKES_FRAME -> takeFrame(world, link);
            case REPLIES -> {
                link.finished = link.started;
                link.reply = link.started;
                link.stage = Stage.SERVING;
            }
            case REPLY_READ -> readReply(world, slot, link, Verdict.SOUND);
            case BAD_REPLY_READ -> readReply(world, slot, link, Verdict.OUTLIER);
            case OUTGROWS -> slot.tell(Sender.GUARDIAN, new SlotEvent.Outgrown(incarnation));
            case HANGS -> link.hung = true;
            case ANSWERS_PING -> {
                link.pings--;
                slot.tell(Sender.CONTROL, new SlotEvent.Pong(incarnation));
            }
            case CRASH -> link.die(TransitionCause.CRASHED);
            case KILL, KILL_STRIKES -> link.die(TransitionCause.KILLED);
            case KILL_LOST -> link.killAsked = false;
            case CHANNEL_END_READ, CLOSES_CHANNEL -> {
                link.readerDone = true;
                link.reply = 0;
                slot.tell(Sender.LINK, new SlotEvent.ChannelClosed(incarnation));
            }
            case ANSWERS_ASTRAY -> slot.tell(Sender.LINK, new SlotEvent.Answered(incarnation, NO_CALL));
            case EXIT_REPORTED, EXIT_REPORTED_EARLY -> {
                link.reported = true;
                slot.tell(Sender.LINK, new SlotEvent.Exited(incarnation, link.exit));
            }
            case VIOLATES -> {
                link.readerDone = true;
                link.reply = 0;
                slot.tell(Sender.LINK, new SlotEvent.Violated(incarnation));
                slot.tell(Sender.LINK, new SlotEvent.ChannelClosed(incarnation));
            }
            case BABBLES_HELLO -> slot.tell(Sender.LINK, new SlotEvent.Hello(incarnation));
            case BABBLES_READY -> slot.tell(Sender.LINK, new SlotEvent.Loaded(incarnation));
            case BABBLES_LOAD_FAILURE -> slot.tell(Sender.LINK, new SlotEvent.LoadFailed(incarnation));
            default -> throw new IllegalStateException("nothing makes " + kind + " happen");
        }
    }

    private static void takeFrame(PoolWorld world, LinkWorld link) {
        int frame = link.toProcess.get(0);
        link.toProcess = SlotWorld.rest(link.toProcess);
        if (frame == LinkWorld.DRAIN) {
            link.die(TransitionCause.EXITED);
            return;
        }
        link.stage = Stage.RUNNING;
        link.started = frame;
        CallWorld call = world.call(frame);
        call.starts++;
        if (call.starts > 1 && !world.order(frame).retrySafe()) {
            throw new Broken(Invariant.EXECUTION_IS_KNOWN, "call " + frame + " is not retry-safe and starts again");
        }
    }

    /** The link's reader ends the call itself and then tells the slot. */
    void readReply(PoolWorld world, SlotWorld slot, LinkWorld link, Verdict verdict) {
        int id = link.reply;
        link.reply = 0;
        if (link.running != id) {
            slot.tell(Sender.LINK, new SlotEvent.Violated(link.incarnation));
            return;
        }
        link.running = 0;
        CallWorld call = world.call(id);
        boolean here = slot.call == id && slot.link == link;
        boolean inTime = call.succeed();
        if (inTime && !here && holds(world, id)) {
            throw new Broken(
                    Invariant.NO_FOREIGN_ANSWER,
                    "incarnation " + link.incarnation + " of slot " + slot.number + " answers call " + id
                            + ", which another holds");
        }
        slot.tell(Sender.LINK, new SlotEvent.Answered(link.incarnation, id, inTime ? verdict : Verdict.NONE));
    }

    private static boolean holds(PoolWorld world, int call) {
        for (SlotWorld slot : world.slots) {
            for (ToSlot message : slot.inbox[Sender.ROUTER.ordinal()]) {
                if (message instanceof ToSlot.Lease lease && lease.call() == call) {
                    return true;
                }
            }
            if (slot.call == call || slot.leasing == call) {
                return true;
            }
        }
        return false;
    }

    private static void cancel(CallWorld call) {
        call.cancelStops = call.phase == CallWorld.Phase.LEASED;
        call.fail(call.sent == 0 && !call.cancelStops ? Execution.NOT_STARTED : Execution.UNKNOWN);
        call.toRouter = SlotWorld.plus(call.toRouter, new ToRouter.Forget(call.id));
    }

    void cancelReaches(PoolWorld world, CallWorld call) {
        call.cancelStops = false;
        if (call.stopSlot >= 0) {
            world.slots[call.stopSlot].tell(Sender.CALLER, new ToSlot.CallStopped(call.stopIncarnation, call.id));
        }
    }

    private static void end(SlotWorld slot, SlotEvent order) {
        slot.dismissed = true;
        slot.tell(Sender.POOL, order);
    }

    static void want(SlotWorld slot) {
        slot.wanted = true;
        slot.tell(Sender.POOL, new SlotEvent.Wanted());
    }

    private static void close(PoolWorld world) {
        world.closed = true;
        world.fromPool = SlotWorld.plus(world.fromPool, new ToRouter.RefuseAll());
        for (SlotWorld slot : world.slots) {
            if (!slot.stopped) {
                end(slot, new SlotEvent.EndNow(TransitionCause.DRAINED));
            }
        }
    }

    /** The guardian ends; the processes that it has started end with it, those that it was only asked for do not. */
    static void loseGuardian(PoolWorld world) {
        for (SlotWorld slot : world.slots) {
            LinkWorld link = slot.link;
            if (link != null && link.stage != Stage.ASKED && !link.reported) {
                link.die(TransitionCause.GUARDIAN_LOST);
                link.reported = true;
                slot.tell(Sender.GUARDIAN, new SlotEvent.GuardianLost(link.incarnation));
            }
        }
    }
}
