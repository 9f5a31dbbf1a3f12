package dev.vivarium.internal.core.model;

import dev.vivarium.CircuitOpen;
import dev.vivarium.PoisonCall;
import dev.vivarium.TransitionCause;
import dev.vivarium.internal.core.CircuitBreaker.Outcome;
import dev.vivarium.internal.recovery.Recovery;
import dev.vivarium.protocol.Execution;
import java.util.Arrays;

/** Asks the real recovery at the moments at which the pool does, and holds its answers against what the model knows. */
class RecoveryActor {

    /** What the router has been told of a lost call, and is about to do with it. */
    record Deciding(int call, long remaining, TransitionCause cause, Execution execution, Verdict verdict) {}

    /** The verdict about a lost call: the delay in units of time, or less than 0 when the call fails. */
    record Verdict(int delay) {}

    /** A caller makes its call. */
    void call(PoolWorld world, CallWorld call) {
        RecoveryWorld recovery = world.recovery.at(world.time);
        world.recovery = recovery;
        Scenario.Call order = world.order(call.id);
        call.made = true;
        boolean poison = recovery.isPoison(order.arguments(), world.time);
        boolean closed = recovery.state.refuses(order.handler());
        try {
            recovery.state.admit(call.id, order.handler(), order.body());
        } catch (PoisonCall refused) {
            if (!poison) {
                throw new Broken(Invariant.POISON_IS_REFUSED, "call " + call.id + " is none: " + refused.getMessage());
            }
            call.refuse();
            return;
        } catch (CircuitOpen refused) {
            if (!closed) {
                throw new Broken(
                        Invariant.PLACES_CONSERVED, "call " + call.id + " is refused: " + refused.getMessage());
            }
            call.refuse();
            return;
        }
        if (poison || closed) {
            throw new Broken(
                    poison ? Invariant.POISON_IS_REFUSED : Invariant.PLACES_CONSERVED,
                    "call " + call.id + " was let in");
        }
        call.toRouter = SlotWorld.plus(call.toRouter, new ToRouter.Submit(call.id));
    }

    /** The router asks what becomes of the lost call. */
    void decide(PoolWorld world) {
        Deciding lost = world.deciding;
        RecoveryWorld recovery = world.recovery.at(world.time);
        world.recovery = recovery;
        CallWorld call = world.call(lost.call());
        Scenario.Call order = world.order(lost.call());
        boolean died = lost.execution() != Execution.NOT_STARTED && endsProcesses(lost.cause());
        if (died) {
            recovery.died(order.arguments(), world.time);
        }
        Recovery.Verdict verdict = afterLoss(world, call, order);
        if (verdict instanceof Recovery.Retry retry) {
            recovery.retries++;
            check(world, call, retry, died);
            long units = retry.delay().dividedBy(RecoveryWorld.UNIT);
            world.deciding = decided(lost, (int) units);
        } else {
            world.deciding = decided(lost, -1);
        }
    }

    Recovery.Verdict afterLoss(PoolWorld world, CallWorld call, Scenario.Call order) {
        return world.recovery.state.afterLoss(
                call.id,
                order.retrySafe(),
                order.maxRetries(),
                call.attempts,
                RecoveryWorld.UNIT.toNanos() * world.deciding.remaining(),
                world.refusing);
    }

    private static Deciding decided(Deciding lost, int delay) {
        return new Deciding(lost.call(), lost.remaining(), lost.cause(), lost.execution(), new Verdict(delay));
    }

    private static void check(PoolWorld world, CallWorld call, Recovery.Retry retry, boolean died) {
        RecoveryWorld recovery = world.recovery;
        if (died && recovery.isPoison(world.order(call.id).arguments(), world.time)) {
            throw new Broken(Invariant.POISON_IS_REFUSED, "call " + call.id + " is sent again");
        }
        if (recovery.retries > recovery.paid(world.time) + 1e-6) {
            throw new Broken(
                    Invariant.RETRIES_ARE_PAID,
                    recovery.retries + " retries, and " + recovery.paid(world.time) + " are paid for");
        }
        boolean late = retry.delay().compareTo(RecoveryWorld.UNIT.multipliedBy(world.deciding.remaining())) >= 0;
        if (late
                || world.refusing
                || retry.delay().compareTo(recovery.state.config().retry().maxDelay()) > 0) {
            throw new Broken(Invariant.RETRIES_ARE_PAID, "call " + call.id + " is sent again: " + retry);
        }
    }

    private static boolean endsProcesses(TransitionCause cause) {
        return cause == TransitionCause.CRASHED
                || cause == TransitionCause.EXITED
                || cause == TransitionCause.OUT_OF_MEMORY;
    }

    /** A call has ended for its caller. */
    void ended(PoolWorld world, CallWorld call, Outcome outcome) {
        world.recovery = world.recovery.at(world.time);
        if (outcome == Outcome.BROKEN) {
            world.recovery.state.endedHung(call.id);
        } else {
            world.recovery.state.ended(call.id, outcome);
        }
        if (outcome == Outcome.SOUND) {
            world.recovery.survived(world.order(call.id).arguments());
        }
    }

    private static boolean isWithWorker(PoolWorld world, int call) {
        return Arrays.stream(world.slots).anyMatch(slot -> slot.call == call);
    }

    /**
     * Whoever may run holds leave to, whoever has ended holds none once its worker is off it, and no breaker counts places
     * that nobody has.
     */
    static void check(PoolWorld world) {
        RecoveryWorld recovery = world.recovery;
        for (CallWorld call : world.calls) {
            boolean deciding = world.deciding != null && world.deciding.call() == call.id;
            boolean holds = recovery.state.holds(call.id);
            boolean mayHold = recovery.state.isUndecided(call.id) && isWithWorker(world, call.id);
            if (call.isDone() ? holds && !mayHold : call.made && !holds && !deciding) {
                throw new Broken(
                        Invariant.PLACES_CONSERVED,
                        "call " + call.id + " is " + call.phase + " and holds " + (holds ? "leave" : "no leave")
                                + " to run");
            }
        }
        recovery.state.places().forEach(places -> {
            if (places.running() != places.held() || places.held() > places.most()) {
                throw new Broken(Invariant.PLACES_CONSERVED, places.toString());
            }
        });
    }
}
