package dev.vivarium.internal.core.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One random history of a model that is too large to be explored: some moves of any kind, then fair ones until it settles.
 *
 * @param moves the moves before the fair ones
 * @param violation what broke, or null
 */
record RandomWalk<M>(List<M> moves, Broken violation) {

    private static final int FAIR_MOVES = 20_000;
    /** One move in so many is an adversity where one is possible: more, and nothing would ever get far. */
    private static final int SELDOM = 16;

    boolean isClean() {
        return violation == null;
    }

    /** Walks so many moves; the same seed walks the same way. */
    static <S, M> RandomWalk<M> walk(Model<S, M> model, long seed, int length) {
        Random chance = new Random(seed);
        List<M> moves = new ArrayList<>();
        S state = model.initial();
        for (int i = 0; i < length; i++) {
            List<M> allowed = model.moves(state);
            if (allowed.isEmpty()) {
                break;
            }
            M move = choose(model, allowed, chance);
            moves.add(move);
            try {
                state = model.after(state, move);
                model.check(state);
            } catch (Broken broken) {
                return new RandomWalk<>(moves, broken);
            }
        }
        return new RandomWalk<>(moves, settle(model, state));
    }

    private static <S, M> M choose(Model<S, M> model, List<M> allowed, Random chance) {
        boolean fair = chance.nextInt(SELDOM) != 0;
        List<M> some =
                allowed.stream().filter(move -> model.isFair(move) == fair).toList();
        List<M> from = some.isEmpty() ? allowed : some;
        return from.get(chance.nextInt(from.size()));
    }

    /** Walks along these moves and leaves out those that are not allowed. */
    static <S, M> RandomWalk<M> along(Model<S, M> model, List<M> moves) {
        List<M> made = new ArrayList<>();
        S state = model.initial();
        for (M move : moves) {
            if (!model.moves(state).contains(move)) {
                continue;
            }
            made.add(move);
            try {
                state = model.after(state, move);
                model.check(state);
            } catch (Broken broken) {
                return new RandomWalk<>(made, broken);
            }
        }
        return new RandomWalk<>(made, settle(model, state));
    }

    /** Makes fair moves, always in the same order of chance, until the model settles. */
    private static <S, M> Broken settle(Model<S, M> model, S unsettled) {
        Random chance = new Random(1);
        S state = unsettled;
        for (int i = 0; i < FAIR_MOVES && !model.isSettled(state); i++) {
            List<M> fair = model.moves(state).stream().filter(model::isFair).toList();
            if (fair.isEmpty()) {
                return new Broken(Invariant.WAY_BACK, "nothing happens any more, and it is not settled");
            }
            try {
                state = model.after(state, fair.get(chance.nextInt(fair.size())));
                model.check(state);
            } catch (Broken broken) {
                return broken;
            }
        }
        return model.isSettled(state)
                ? null
                : new Broken(Invariant.WAY_BACK, "it does not settle within " + FAIR_MOVES + " fair moves");
    }

    /**
     * Leaves out moves as long as the same invariant breaks: first halves, then smaller parts, then single moves. What is
     * left needs each of its moves. Deterministic.
     */
    static <S, M> RandomWalk<M> shrink(Model<S, M> model, RandomWalk<M> failed) {
        RandomWalk<M> best = failed;
        int part = Math.max(1, best.moves().size() / 2);
        while (part >= 1) {
            boolean shorter = false;
            for (int from = 0; from < best.moves().size(); ) {
                List<M> rest = new ArrayList<>(best.moves().subList(0, from));
                rest.addAll(best.moves()
                        .subList(
                                Math.min(from + part, best.moves().size()),
                                best.moves().size()));
                RandomWalk<M> tried = along(model, rest);
                if (!tried.isClean()
                        && tried.violation().invariant() == best.violation().invariant()
                        && tried.moves().size() < best.moves().size()) {
                    best = tried;
                    shorter = true;
                } else {
                    from += part;
                }
            }
            if (part == 1 && !shorter) {
                break;
            }
            part = shorter && part == 1 ? 1 : part / 2;
        }
        return best;
    }

    /** Returns the violation and the moves that lead to it. */
    String report() {
        StringBuilder text = new StringBuilder(violation == null ? "clean" : String.valueOf(violation.getMessage()));
        text.append(", after ").append(moves.size()).append(" moves");
        moves.forEach(move -> text.append("\n    ").append(move));
        return text.toString();
    }
}
