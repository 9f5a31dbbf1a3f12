package dev.vivarium.internal.core.model;

import dev.vivarium.internal.core.RetryCore;
import dev.vivarium.internal.core.RouterCore;
import dev.vivarium.internal.recovery.RecoveryState;
import dev.vivarium.protocol.Execution;

/** Carries the decisions of router and recovery out in the model, step by step as {@code SessionRouter} does in the pool. */
class RouterActor {

    /** The decision about a lost call: the real one, or one that is spoiled. */
    interface Retry {
        RetryCore.Decision decide(Execution execution, boolean retrySafe, int failed, int maxRetries, long remaining);
    }

    private final Retry retry;

    RouterActor(Retry retry) {
        this.retry = retry;
    }

    /** Takes a message; {@code from} is the slot that sent it, or null. */
    void receive(PoolWorld world, SlotWorld from, ToRouter message) {
        if (message instanceof ToRouter.Submit submit) {
            onSubmit(world, world.call(submit.call()));
        } else if (message instanceof ToRouter.Forget forget) {
            forget(world, world.call(forget.call()));
            waitsChanged(world);
        } else if (message instanceof ToRouter.RefuseAll) {
            onRefuseAll(world);
        } else if (message instanceof ToRouter.Offered offered) {
            world.knownWorkers |= bit(from.number);
            world.routerToChange().available(from.number, offered.incarnation());
            assign(world);
        } else if (message instanceof ToRouter.ProbeOffered offered) {
            world.knownWorkers |= bit(from.number);
            world.routerToChange().probe(from.number, offered.incarnation());
            assign(world);
        } else if (message instanceof ToRouter.Withdrawn withdrawn) {
            world.routerToChange().unavailable(from.number, withdrawn.incarnation());
        } else if (message instanceof ToRouter.Gone) {
            onGone(world, from);
        } else if (message instanceof ToRouter.Refused refused) {
            again(world, world.call(refused.call()));
        } else if (message instanceof ToRouter.Lost lost) {
            onLost(world, lost);
        }
    }

    private void onSubmit(PoolWorld world, CallWorld call) {
        if (world.refusing) {
            call.fail(Execution.NOT_STARTED);
            return;
        }
        world.knownCalls |= bit(call.id);
        world.routerToChange().submit(call.id, world.order(call.id).deadline(), world.time);
        assign(world, call);
    }

    void onGone(PoolWorld world, SlotWorld slot) {
        world.routerToChange().forget(slot.number);
        world.knownWorkers &= ~bit(slot.number);
        slot.tell(ToSlot.Sender.ROUTER, new ToSlot.Forgotten());
    }

    void again(PoolWorld world, CallWorld call) {
        if (call.requeue()) {
            if (world.refusing) {
                call.fail(call.worst);
            } else {
                world.knownCalls |= bit(call.id);
                world.routerToChange().giveBack(call.id, world.order(call.id).deadline(), world.time);
            }
        }
        assign(world, call);
    }

    private void onLost(PoolWorld world, ToRouter.Lost lost) {
        CallWorld call = world.call(lost.call());
        Scenario.Call order = world.order(lost.call());
        call.failedAttempts++;
        call.worst = lost.execution().compareTo(call.worst) > 0 ? lost.execution() : call.worst;
        if (world.recovery != null) {
            call.attempts = SlotWorld.plus(call.attempts, RecoveryState.attempt(lost.cause(), lost.execution()));
        }
        if (call.isDone()) {
            return;
        }
        if (world.recovery != null) {
            long remaining = (long) order.deadline() - world.time;
            world.deciding = new RecoveryActor.Deciding(call.id, remaining, lost.cause(), lost.execution(), null);
            return;
        }
        RetryCore.Decision decision = retry.decide(
                lost.execution(),
                order.retrySafe(),
                call.failedAttempts,
                order.maxRetries(),
                order.deadline() - world.time);
        if (decision == RetryCore.Decision.RETRY && !world.refusing) {
            again(world, call);
        } else {
            call.fail(call.worst);
        }
    }

    /** Does with a lost call what the recovery has said. */
    void carryOut(PoolWorld world) {
        CallWorld call = world.call(world.deciding.call());
        int delay = world.deciding.verdict().delay();
        world.deciding = null;
        if (delay < 0) {
            call.fail(call.worst);
        } else if (delay == 0 || !call.requeue()) {
            again(world, call);
        } else {
            world.knownCalls |= bit(call.id);
            delay(world, call, world.time + delay);
        }
    }

    void delay(PoolWorld world, CallWorld call, int until) {
        call.delay(until);
    }

    void onRetryDue(PoolWorld world, CallWorld call) {
        boolean delayed = call.due >= 0;
        call.undelay();
        if (delayed && (world.knownCalls & bit(call.id)) != 0) {
            world.routerToChange().giveBack(call.id, world.order(call.id).deadline(), world.time);
            assign(world, call);
        }
    }

    /** The actor fails, and another goes on with what it knew; timers end with an actor. */
    void restart(PoolWorld world) {
        world.nextDeadline = PoolWorld.NEVER;
        for (CallWorld call : world.calls) {
            call.retryTimer = false;
        }
        resumeDelays(world);
        resumeDeadlines(world);
    }

    void resumeDeadlines(PoolWorld world) {
        waitsChanged(world);
    }

    void resumeDelays(PoolWorld world) {
        for (CallWorld call : world.calls) {
            call.retryTimer = call.due >= 0;
        }
    }

    void forget(PoolWorld world, CallWorld call) {
        world.routerToChange().remove(call.id);
        call.undelay();
        world.knownCalls &= ~bit(call.id);
    }

    void refuseDelayed(PoolWorld world) {
        for (CallWorld call : world.calls) {
            if (call.due >= 0) {
                forget(world, call);
                call.fail(call.worst);
            }
        }
    }

    private void onRefuseAll(PoolWorld world) {
        world.refusing = true;
        for (long id : world.routerToChange().drain()) {
            world.knownCalls &= ~bit((int) id);
            world.call(id).fail(world.call(id).worst);
        }
        refuseDelayed(world);
        waitsChanged(world);
    }

    void onDeadline(PoolWorld world) {
        world.nextDeadline = PoolWorld.NEVER;
        for (long id : world.routerToChange().expire(world.time)) {
            world.knownCalls &= ~bit((int) id);
            expire(world.call(id));
        }
        waitsChanged(world);
    }

    private static void expire(CallWorld call) {
        call.fail(call.worst);
    }

    private void assign(PoolWorld world, CallWorld arrived) {
        if (world.nextDeadline != PoolWorld.NEVER && world.order(arrived.id).deadline() < world.nextDeadline) {
            world.nextDeadline = PoolWorld.NEVER;
        }
        assign(world);
    }

    private void assign(PoolWorld world) {
        for (RouterCore.Assignment assignment : world.routerToChange().assign()) {
            CallWorld call = world.call(assignment.callId());
            boolean known = (world.knownCalls & bit(call.id)) != 0;
            world.knownCalls &= ~bit(call.id);
            if (!known || (world.knownWorkers & bit(assignment.slot())) == 0) {
                throw new Broken(Invariant.LEASES_CONSERVED, "nothing is known about " + assignment);
            }
            if (world.order(call.id).deadline() <= world.time) {
                expire(call);
            } else if (call.lease()) {
                lease(world, world.slots[assignment.slot()], assignment.incarnation(), call.id);
                continue;
            }
            free(world, assignment);
            assign(world);
            return;
        }
        waitsChanged(world);
    }

    /** The call ended before it could be sent, so the worker is free for the next one. */
    void free(PoolWorld world, RouterCore.Assignment assignment) {
        world.routerToChange().free(assignment);
    }

    void lease(PoolWorld world, SlotWorld slot, int incarnation, int call) {
        slot.tell(ToSlot.Sender.ROUTER, new ToSlot.Lease(incarnation, call));
    }

    private static void waitsChanged(PoolWorld world) {
        if (world.router().waiting() == 0) {
            world.nextDeadline = PoolWorld.NEVER;
        } else if (world.nextDeadline == PoolWorld.NEVER) {
            world.nextDeadline = (int) world.router().earliestDeadline();
        }
    }

    private static int bit(int index) {
        return 1 << index;
    }
}
