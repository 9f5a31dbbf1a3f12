package dev.vivarium.internal.core.model;

import dev.vivarium.internal.core.SessionTable;
import dev.vivarium.internal.core.SessionTable.Known;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * One session that is counted up by a few calls on two workers: arrivals, runs, answers, late answers, cancellations, deaths
 * and retries in every order. {@link SessionTable} is the real one; router, worker and store are modelled around it, step by
 * step as {@code SessionLane}, the Python runtime and the stores do. A state is the moves that led to it.
 */
final class SessionModel implements Model<List<SessionModel.Move>, SessionModel.Move> {

    /** What happens, to a call or a worker. */
    record Move(Kind kind, int call, int worker) {}

    enum Kind {
        ARRIVE,
        ASSIGN,
        RUN,
        DELIVER,
        SETTLE,
        CANCEL,
        DIE
    }

    /** What is spoiled on purpose. */
    enum Fault {
        NONE,
        COMMITS_LATE_ANSWERS,
        BELIEVES_IN_THE_COPY_AFTER_A_DROPPED_ANSWER,
        BELIEVES_IN_THE_COPY_OF_THE_INCARNATION_BEFORE,
        ACKNOWLEDGES_WITHOUT_COMMIT,
        GIVES_THE_TURN_AWAY_AT_THE_ANSWER
    }

    private enum Phase {
        NEW,
        WAITING,
        READY,
        SENT,
        ENDED
    }

    private static final String SESSION = "s";
    private static final int WORKERS = 2;
    private static final int DEATHS = 2;

    private final int calls;
    private final Fault fault;

    SessionModel(int calls, Fault fault) {
        this.calls = calls;
        this.fault = fault;
    }

    private static final class Worker {
        private int incarnation = 1;
        private int copy;
        private int call = -1;
        private long revision;
        private int reply = -1;
        private boolean answered;
        private boolean kept;
    }

    private static final class World {
        private final SessionTable table = new SessionTable(Duration.ofDays(1), 10);
        private final Phase[] phases;
        private final boolean[] cancelled;
        private final int[] acknowledged;
        private final Worker[] workers = {new Worker(), new Worker()};
        private long revision;
        private int value;
        private int deaths;

        World(int calls) {
            phases = new Phase[calls];
            Arrays.fill(phases, Phase.NEW);
            cancelled = new boolean[calls];
            acknowledged = new int[calls];
        }
    }

    private World world(List<Move> moves) {
        World world = new World(calls);
        moves.forEach(move -> make(world, move));
        return world;
    }

    @Override
    public List<Move> initial() {
        return List.of();
    }

    @Override
    public List<Move> moves(List<Move> state) {
        World world = world(state);
        List<Move> moves = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            Phase phase = world.phases[i];
            if (phase == Phase.NEW && (i == 0 || world.phases[i - 1] != Phase.NEW)) {
                moves.add(new Move(Kind.ARRIVE, i, 0));
            }
            if (phase != Phase.NEW && phase != Phase.ENDED && !world.cancelled[i] && !acknowledged(world, i)) {
                moves.add(new Move(Kind.CANCEL, i, 0));
            }
            for (int w = 0; w < WORKERS; w++) {
                if (phase == Phase.READY && world.workers[w].call < 0) {
                    moves.add(new Move(Kind.ASSIGN, i, w));
                }
            }
        }
        for (int w = 0; w < WORKERS; w++) {
            Worker worker = world.workers[w];
            if (worker.call >= 0 && worker.reply < 0 && !worker.answered) {
                moves.add(new Move(Kind.RUN, worker.call, w));
            }
            if (worker.reply >= 0) {
                moves.add(new Move(Kind.DELIVER, worker.call, w));
            }
            if (worker.answered) {
                moves.add(new Move(Kind.SETTLE, worker.call, w));
            }
            if (world.deaths < DEATHS) {
                moves.add(new Move(Kind.DIE, worker.call, w));
            }
        }
        return moves;
    }

    private static boolean acknowledged(World world, int call) {
        return world.acknowledged[call] != 0;
    }

    @Override
    public List<Move> after(List<Move> state, Move move) {
        List<Move> next = new ArrayList<>(state);
        next.add(move);
        var unused = world(next);
        return List.copyOf(next);
    }

    private void make(World world, Move move) {
        switch (move.kind()) {
            case ARRIVE -> {
                boolean turn = world.table.arrive(SESSION, move.call() + 1, false, 0);
                world.phases[move.call()] = turn ? Phase.READY : Phase.WAITING;
            }
            case ASSIGN -> assign(world, move.call(), world.workers[move.worker()], move.worker() + 1);
            case RUN -> {
                Worker worker = world.workers[move.worker()];
                worker.copy++;
                worker.reply = worker.copy;
            }
            case DELIVER -> deliver(world, world.workers[move.worker()]);
            case SETTLE -> settle(world, world.workers[move.worker()], move.worker() + 1);
            case CANCEL -> cancel(world, move.call());
            case DIE -> die(world, world.workers[move.worker()], move.worker() + 1);
            default -> throw new IllegalStateException(move.toString());
        }
    }

    private void assign(World world, int call, Worker worker, int slot) {
        for (Worker other : world.workers) {
            if (other.call >= 0) {
                throw new Broken(Invariant.LEASES_CONSERVED, "two calls of the session are with workers");
            }
        }
        int incarnation = fault == Fault.BELIEVES_IN_THE_COPY_OF_THE_INCARNATION_BEFORE ? 1 : worker.incarnation;
        if (!world.table.isCached(SESSION, slot, incarnation)) {
            if (world.table.read(SESSION, new Known(world.revision, world.revision, 0, false), 0)) {
                throw new Broken(Invariant.NO_FOREIGN_ANSWER, "something is said to be lost and is not");
            }
            worker.copy = world.value;
        } else if (worker.copy != world.value) {
            throw new Broken(
                    Invariant.NO_FOREIGN_ANSWER,
                    "call " + call + " runs on " + worker.copy + " where " + world.value + " is stored");
        }
        worker.revision = world.table
                .depart(SESSION, slot, incarnation, false, true)
                .known()
                .revision();
        worker.call = call;
        worker.kept = false;
        world.phases[call] = Phase.SENT;
    }

    private void deliver(World world, Worker worker) {
        int reply = worker.reply;
        worker.reply = -1;
        worker.answered = true;
        boolean open = !world.cancelled[worker.call] || fault == Fault.COMMITS_LATE_ANSWERS;
        if (open && fault != Fault.ACKNOWLEDGES_WITHOUT_COMMIT) {
            if (worker.revision != world.revision) {
                throw new Broken(Invariant.ONE_OUTCOME, "calls of one session are in conflict");
            }
            world.value = reply;
            world.revision++;
        }
        if (!world.cancelled[worker.call]) {
            world.acknowledged[worker.call] = reply;
            worker.kept = true;
        }
        if (fault == Fault.GIVES_THE_TURN_AWAY_AT_THE_ANSWER) {
            leave(world, worker.call);
        }
    }

    private void settle(World world, Worker worker, int slot) {
        if (worker.kept || fault == Fault.BELIEVES_IN_THE_COPY_AFTER_A_DROPPED_ANSWER) {
            Known known = new Known(world.revision, world.revision, world.table.epoch(SESSION), false);
            world.table.kept(SESSION, slot, worker.incarnation, known, true, false, 0);
        } else {
            world.table.dropped(SESSION, false);
        }
        int call = worker.call;
        worker.call = -1;
        worker.answered = false;
        if (fault != Fault.GIVES_THE_TURN_AWAY_AT_THE_ANSWER) {
            leave(world, call);
        }
    }

    private void leave(World world, int call) {
        world.phases[call] = Phase.ENDED;
        for (long next = world.table.leave(SESSION, call + 1, false, 0);
                next != 0;
                next = world.table.leave(SESSION, next, false, 0)) {
            int waiting = (int) next - 1;
            if (!world.cancelled[waiting]) {
                world.phases[waiting] = Phase.READY;
                return;
            }
            world.phases[waiting] = Phase.ENDED;
        }
    }

    private void cancel(World world, int call) {
        world.cancelled[call] = true;
        if (world.phases[call] != Phase.SENT) {
            leave(world, call);
        }
    }

    private void die(World world, Worker worker, int slot) {
        world.deaths++;
        int call = worker.call;
        boolean answered = worker.answered;
        if (call >= 0 && answered) {
            settle(world, worker, slot);
        }
        worker.incarnation++;
        worker.copy = 0;
        worker.reply = -1;
        if (call >= 0 && !answered) {
            worker.call = -1;
            world.table.dropped(SESSION, false);
            if (world.cancelled[call]) {
                leave(world, call);
            } else {
                world.phases[call] = Phase.READY; // It has its turn still, and is run again.
            }
        }
    }

    @Override
    public void check(List<Move> state) {
        World world = world(state);
        int acknowledged = 0;
        for (int i = 0; i < calls; i++) {
            acknowledged += acknowledged(world, i) ? 1 : 0;
            for (int j = 0; j < i; j++) {
                if (acknowledged(world, i) && world.acknowledged[i] == world.acknowledged[j]) {
                    throw new Broken(Invariant.ONE_OUTCOME, "two calls were told " + world.acknowledged[i]);
                }
            }
        }
        if (world.value != acknowledged) {
            throw new Broken(
                    Invariant.ONE_OUTCOME, acknowledged + " calls were answered and " + world.value + " is stored");
        }
    }

    @Override
    public boolean isFair(Move move) {
        return move.kind() != Kind.CANCEL && move.kind() != Kind.DIE;
    }

    @Override
    public boolean isSettled(List<Move> state) {
        World world = world(state);
        return Arrays.stream(world.phases).allMatch(phase -> phase == Phase.ENDED)
                && Arrays.stream(world.workers).allMatch(worker -> worker.call < 0);
    }

    @Override
    public Fingerprint fingerprint(List<Move> state) {
        World world = world(state);
        Fingerprint.Builder print = Fingerprint.of()
                .with(world.revision)
                .with(world.value)
                .with(world.deaths)
                .with(Arrays.hashCode(world.acknowledged))
                .with(Arrays.hashCode(world.cancelled));
        for (Phase phase : world.phases) {
            print.with(phase.ordinal());
        }
        for (Worker worker : world.workers) {
            print.with(worker.incarnation)
                    .with(worker.copy)
                    .with(worker.call)
                    .with(worker.reply)
                    .with(worker.revision)
                    .with((worker.answered ? 1 : 0) + (worker.kept ? 2 : 0));
        }
        return print.with(tableHash(world.table)).done();
    }

    /** Looks at every field of the table's one binding, which keeps them to itself. */
    private static int tableHash(SessionTable table) {
        try {
            Field bindings = SessionTable.class.getDeclaredField("bindings");
            bindings.setAccessible(true);
            Object binding = null;
            for (Object only : ((Map<?, ?>) bindings.get(table)).values()) {
                binding = only;
            }
            if (binding == null) {
                return 0;
            }
            List<String> fields = new ArrayList<>();
            for (Field field : binding.getClass().getDeclaredFields()) {
                if (!field.isSynthetic()) {
                    field.setAccessible(true);
                    fields.add(field.getName() + "=" + field.get(binding));
                }
            }
            return fields.hashCode();
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("the table of sessions has changed", e);
        }
    }
}
