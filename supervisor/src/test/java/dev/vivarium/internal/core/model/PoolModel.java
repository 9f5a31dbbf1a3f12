package dev.vivarium.internal.core.model;

import dev.vivarium.internal.core.RetryCore;
import dev.vivarium.internal.core.SlotEvent.Timer;
import dev.vivarium.internal.core.SlotState;
import java.util.List;

/**
 * A pool made of the real cores. The actors around them are modelled step by step: what is on its way between two of them
 * stays in order, and between pairs every interleaving is a different history.
 */
final class PoolModel implements Model<PoolWorld, Move> {

    /** What the model is made of; a test that plants a bug replaces one part. */
    record Parts(SlotActor slot, RouterActor router, Environment environment, RecoveryActor recovery) {
        static Parts real() {
            return with(SlotDecisions.REAL);
        }

        static Parts with(SlotDecisions core) {
            return new Parts(
                    new SlotActor(core), new RouterActor(RetryCore::decide), new Environment(), new RecoveryActor());
        }

        Parts slot(SlotActor other) {
            return new Parts(other, router, environment, recovery);
        }

        Parts router(RouterActor other) {
            return new Parts(slot, other, environment, recovery);
        }

        Parts environment(Environment other) {
            return new Parts(slot, router, other, recovery);
        }

        Parts recovery(RecoveryActor other) {
            return new Parts(slot, router, environment, other);
        }
    }

    private final Parts parts;
    private final Interner names = new Interner();
    private final PoolWorld first;

    PoolModel(Scenario scenario, Parts parts) {
        this.parts = parts;
        PoolWorld world = new PoolWorld(scenario);
        for (SlotWorld slot : world.slots) {
            if (scenario.start() != Scenario.Start.LAZY) {
                Environment.want(slot);
            }
        }
        this.first = scenario.start() == Scenario.Start.WARM ? warm(world) : world;
    }

    /** Lets all slots start, one kind of move after the other, before the first call arrives. */
    private PoolWorld warm(PoolWorld cold) {
        PoolWorld world = cold;
        while (!allReady(world)) {
            PoolWorld now = world;
            Move move = parts.environment().moves(now).stream()
                    .filter(m -> isFair(m)
                            && m.kind() != Move.Kind.ROUTER_RECEIVES_FROM_CALLER
                            && m.kind() != Move.Kind.CALLS
                            && m.kind() != Move.Kind.TIME_PASSES)
                    .findFirst()
                    .orElseThrow(() -> new Broken(Invariant.WAY_BACK, "the pool does not start"));
            world = after(world, move);
        }
        return world;
    }

    private static boolean allReady(PoolWorld world) {
        for (SlotWorld slot : world.slots) {
            if (!(slot.state instanceof SlotState.Ready) || slot.hasMail() || !slot.toRouter.isEmpty()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public PoolWorld initial() {
        return first;
    }

    @Override
    public List<Move> moves(PoolWorld state) {
        return parts.environment().moves(state);
    }

    @Override
    public PoolWorld after(PoolWorld state, Move move) {
        PoolWorld world = state.copy();
        if (move.kind().adversity != null) {
            world.spend(move.kind().adversity);
        }
        int who = move.who();
        switch (move.kind()) {
            case SLOT_RECEIVES -> {
                SlotWorld slot = world.slots[who];
                parts.slot().receive(world, slot, slot.take(ToSlot.Sender.values()[move.what()]));
            }
            case ROUTER_RECEIVES_FROM_SLOT -> {
                SlotWorld slot = world.slots[who];
                ToRouter message = slot.toRouter.get(0);
                slot.toRouter = SlotWorld.rest(slot.toRouter);
                parts.router().receive(world, slot, message);
            }
            case ROUTER_RECEIVES_FROM_CALLER -> {
                CallWorld call = world.call(who);
                ToRouter message = call.toRouter.get(0);
                call.toRouter = SlotWorld.rest(call.toRouter);
                parts.router().receive(world, null, message);
            }
            case ROUTER_RECEIVES_FROM_POOL -> {
                ToRouter message = world.fromPool.get(0);
                world.fromPool = SlotWorld.rest(world.fromPool);
                parts.router().receive(world, null, message);
            }
            case CALLS -> parts.recovery().call(world, world.call(who));
            case ROUTER_DECIDES -> {
                if (world.deciding.verdict() == null) {
                    parts.recovery().decide(world);
                } else {
                    parts.router().carryOut(world);
                }
            }
            case RETRY_DUE -> parts.router().onRetryDue(world, world.call(who));
            case ROUTER_FAILS -> parts.router().restart(world);
            case ROUTER_DEADLINE -> parts.router().onDeadline(world);
            case SLOT_DEADLINE -> parts.slot().onDeadline(world, world.slots[who]);
            case TIMER, HEALTH_DUE, PONG_OVERDUE, START_OVERDUE, EXIT_OVERDUE ->
                parts.slot().onTimer(world, world.slots[who], Timer.values()[move.what()]);
            default -> parts.environment().happen(world, move);
        }
        for (CallWorld call : world.calls) {
            if (call.ending != null && world.recovery != null) {
                parts.recovery().ended(world, call, call.ending);
            }
            call.ending = null;
        }
        return world;
    }

    @Override
    public void check(PoolWorld state) {
        PoolInvariants.check(state);
    }

    @Override
    public boolean isFair(Move move) {
        return move.kind().adversity == null;
    }

    @Override
    public boolean isSettled(PoolWorld state) {
        return PoolInvariants.isSettled(state);
    }

    @Override
    public Fingerprint fingerprint(PoolWorld state) {
        return state.print(names);
    }
}
