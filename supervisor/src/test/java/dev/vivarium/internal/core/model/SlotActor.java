package dev.vivarium.internal.core.model;

import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.core.FailureTable;
import dev.vivarium.internal.core.SlotCore;
import dev.vivarium.internal.core.SlotEffect;
import dev.vivarium.internal.core.SlotEvent;
import dev.vivarium.internal.core.SlotEvent.Timer;
import dev.vivarium.internal.core.SlotState;
import dev.vivarium.protocol.Execution;
import java.util.Arrays;

/** Carries the effects of a slot's core out in the model, step by step as {@code WorkerSlot} does in the pool. */
class SlotActor {

    private static final int EXITS_OVERDUE = 2;

    private final SlotDecisions core;

    SlotActor(SlotDecisions core) {
        this.core = core;
    }

    void receive(PoolWorld world, SlotWorld slot, ToSlot message) {
        if (slot.stopped) {
            return; // A dead letter.
        }
        if (message instanceof ToSlot.Forgotten) {
            slot.stopped = true;
            Arrays.fill(slot.timers, 0);
        } else if (message instanceof ToSlot.Lease lease) {
            slot.leasing = lease.call();
            apply(world, slot, new SlotEvent.Leased(lease.incarnation(), lease.call()));
        } else if (message instanceof ToSlot.CallStopped stopped) {
            apply(world, slot, new SlotEvent.CallOver(stopped.incarnation(), stopped.call()));
        } else if (message instanceof ToSlot.Told told) {
            if (told.event() instanceof SlotEvent.Answered answered) {
                onAnswered(world, slot, answered);
            }
            apply(world, slot, told.event());
        }
    }

    private void onAnswered(PoolWorld world, SlotWorld slot, SlotEvent.Answered answered) {
        if (slot.call != 0 && slot.call == answered.callId()) {
            stopDeadline(slot);
            released(world, slot.call, true);
            slot.call = 0;
        }
    }

    /** A worker is off a call; {@code within} says whether by its own doing. */
    void released(PoolWorld world, int call, boolean within) {
        if (world.recovery != null) {
            world.recovery = world.recovery.at(world.time);
            world.recovery.state.released(call, within);
        }
    }

    void onTimer(PoolWorld world, SlotWorld slot, Timer timer) {
        int incarnation = slot.timers[timer.ordinal()];
        slot.timers[timer.ordinal()] = 0;
        boolean overdue = timer == Timer.EXIT && incarnation == slot.state.incarnation();
        if (overdue && ++slot.exitsOverdue == EXITS_OVERDUE && slot.link != null) {
            Environment.loseGuardian(world);
        }
        apply(world, slot, new SlotEvent.TimerFired(incarnation, timer));
    }

    void onDeadline(PoolWorld world, SlotWorld slot) {
        int id = slot.deadlineCall;
        int incarnation = slot.deadlineIncarnation;
        stopDeadline(slot);
        if (incarnation != 0) {
            apply(world, slot, new SlotEvent.DeadlinePassed(incarnation, id));
        }
    }

    private void timeOut(PoolWorld world, SlotWorld slot, int id) {
        if (slot.call == id && slot.link != null) {
            world.call(id).timeOut(executionOfLate(slot.link, id));
        }
    }

    Execution executionOfLate(LinkWorld link, int call) {
        Execution seen = link.executionOf(call);
        return seen == Execution.NOT_STARTED ? Execution.UNKNOWN : seen;
    }

    void apply(PoolWorld world, SlotWorld slot, SlotEvent event) {
        SlotState before = slot.state;
        SlotCore.Step step = core.on(before, event, 0);
        if (event instanceof SlotEvent.OfIncarnation of
                && of.incarnation() != before.incarnation()
                && !step.state().equals(before)) {
            throw new Broken(Invariant.STALE_DOES_NOTHING, event + " changed " + before + " to " + step.state());
        }
        slot.state = step.state();
        for (SlotEffect effect : step.effects()) {
            perform(world, slot, effect);
        }
    }

    void retire(SlotWorld slot) {
        slot.tellRouter(new ToRouter.Gone());
    }

    private void perform(PoolWorld world, SlotWorld slot, SlotEffect effect) {
        if (effect instanceof SlotEffect.SendCall send) {
            sendCall(world, slot, send.incarnation());
        } else if (effect instanceof SlotEffect.Moved moved) {
            moved(slot, moved);
        } else if (effect instanceof SlotEffect.TimeOutCall late) {
            timeOut(world, slot, (int) late.callId());
        } else if (effect instanceof SlotEffect.Offer offer) {
            offer(slot, offer.incarnation());
        } else if (effect instanceof SlotEffect.OfferProbe offer) {
            offerProbe(slot, offer.incarnation());
        } else if (effect instanceof SlotEffect.Withdraw withdraw) {
            withdraw(slot, withdraw.incarnation());
        } else if (effect instanceof SlotEffect.StartTimer start) {
            slot.timers[start.timer().ordinal()] = start.incarnation();
        } else if (effect instanceof SlotEffect.StopTimer stop) {
            slot.timers[stop.timer().ordinal()] = 0;
        } else if (effect instanceof SlotEffect.Spawn spawn) {
            spawn(slot, spawn.incarnation());
        } else if (effect instanceof SlotEffect.RefuseLease refuse) {
            refuse(slot, refuse.callId());
        } else if (effect instanceof SlotEffect.Ended ended) {
            ended(world, slot, ended.cause());
        } else if (effect instanceof SlotEffect.ScheduleRestart restart) {
            scheduleRestart(slot, restart);
        } else if (effect instanceof SlotEffect.Retire) {
            retire(slot);
        } else if (slot.link != null) {
            drive(slot, slot.link, effect);
        }
    }

    private static void moved(SlotWorld slot, SlotEffect.Moved moved) {
        WorkerState from = moved.from() == null ? WorkerState.TERMINATED : moved.from();
        if (slot.published != from || (moved.from() != null && !from.canMoveTo(moved.to()))) {
            throw new Broken(Invariant.LEGAL_MOVES, moved + " after " + slot.published);
        }
        slot.published = moved.to();
    }

    void offer(SlotWorld slot, int incarnation) {
        slot.tellRouter(new ToRouter.Offered(incarnation));
    }

    void offerProbe(SlotWorld slot, int incarnation) {
        slot.tellRouter(new ToRouter.ProbeOffered(incarnation));
    }

    void withdraw(SlotWorld slot, int incarnation) {
        slot.tellRouter(new ToRouter.Withdrawn(incarnation));
    }

    private static void spawn(SlotWorld slot, int incarnation) {
        if (slot.link != null && slot.link.isAlive()) {
            throw new Broken(Invariant.STALE_DOES_NOTHING, "a process starts while the one before it lives");
        }
        slot.link = new LinkWorld(incarnation);
        slot.exitsOverdue = 0;
    }

    void sendCall(PoolWorld world, SlotWorld slot, int incarnation) {
        int id = slot.leasing;
        LinkWorld link = slot.link;
        if (id == 0 || link == null) {
            throw new Broken(Invariant.LEASES_CONSERVED, "a lease without a call");
        }
        if (slot.call != 0 || link.incarnation != incarnation) {
            throw new Broken(Invariant.LEASES_CONSERVED, "a worker gets call " + id + " besides call " + slot.call);
        }
        CallWorld call = world.call(id);
        slot.leasing = 0;
        slot.call = id;
        call.sent++;
        call.stopSlot = slot.number;
        call.stopIncarnation = incarnation;
        slot.deadlineCall = id;
        slot.deadlineIncarnation = incarnation;
        link.running = id;
        link.write(slot, id);
        if (call.isDone()) {
            slot.tell(ToSlot.Sender.CALLER, new ToSlot.CallStopped(incarnation, id));
        }
    }

    void refuse(SlotWorld slot, long id) {
        if (slot.leasing != 0 && slot.leasing == id) {
            slot.leasing = 0;
            slot.tellRouter(new ToRouter.Refused((int) id));
        }
    }

    private void ended(PoolWorld world, SlotWorld slot, TransitionCause cause) {
        stopDeadline(slot);
        if (slot.link != null) {
            slot.link.endedBy = cause;
        }
        int open = slot.call;
        slot.call = 0;
        if (open != 0) {
            released(world, open, FailureTable.isWithin(cause));
        }
        if (open != 0 && slot.link != null && takeBack(slot.link, open)) {
            lost(slot, slot.link, open);
        }
    }

    boolean takeBack(LinkWorld link, int call) {
        boolean open = link.running == call;
        link.running = open ? 0 : link.running;
        return open;
    }

    void lost(SlotWorld slot, LinkWorld link, int call) {
        slot.tellRouter(new ToRouter.Lost(call, link.incarnation, link.endedBy, link.executionOf(call)));
    }

    void scheduleRestart(SlotWorld slot, SlotEffect.ScheduleRestart restart) {
        if (restart.waits() > 0) {
            slot.timers[Timer.BACKOFF.ordinal()] = restart.incarnation();
        }
    }

    private void drive(SlotWorld slot, LinkWorld link, SlotEffect effect) {
        if (effect instanceof SlotEffect.Welcome) {
            link.stage = link.stage == LinkWorld.Stage.GREETING ? LinkWorld.Stage.LOADING : link.stage;
        } else if (effect instanceof SlotEffect.SendPing) {
            link.pings = link.isAlive() ? Math.min(2, link.pings + 1) : 0;
        } else if (effect instanceof SlotEffect.SendDrain) {
            link.write(slot, LinkWorld.DRAIN);
        } else if (effect instanceof SlotEffect.Kill || effect instanceof SlotEffect.Terminate) {
            link.killAsked = link.stage != LinkWorld.Stage.DEAD;
        } else if (effect instanceof SlotEffect.Release) {
            release(slot, link);
        } else if (effect instanceof SlotEffect.ReadStacks) {
            if (link.isAlive()) {
                slot.tell(ToSlot.Sender.CONTROL, new SlotEvent.StacksRead(link.incarnation));
            }
        } else if (!(effect instanceof SlotEffect.SendCancel || effect instanceof SlotEffect.Climbed)) {
            throw new IllegalStateException("no way to carry out " + effect);
        }
    }

    /** The channel is closed; what its reader has in hand by then, it may still pass on. */
    void release(SlotWorld slot, LinkWorld link) {
        slot.straggler = link.reply != 0 && !link.readerDone ? link : slot.straggler;
        slot.link = null;
    }

    private static void stopDeadline(SlotWorld slot) {
        slot.deadlineCall = 0;
        slot.deadlineIncarnation = 0;
    }
}
