package dev.vivarium.internal.core.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;

/**
 * Visits every state of a model, nearest first, and in each checks the invariants; so the first violation comes with a
 * shortest trace. In the end it asks of every state whether fair moves alone lead from it to a settled one: that finds calls
 * that hang and slots that never come back, in cycles as well as in dead ends.
 *
 * <p>Never cuts anything off: a model that is larger than the budget is an error.
 */
final class Explorer<S, M> {

    private final Model<S, M> model;
    private final int budget;
    private final Fingerprints known = new Fingerprints();
    private final Numbers parents = new Numbers();
    private final Numbers moves = new Numbers();
    private final Numbers fairFrom = new Numbers();
    private final Numbers fairTo = new Numbers();
    private final BitSet settled = new BitSet();

    private Explorer(Model<S, M> model, int budget) {
        this.model = model;
        this.budget = budget;
    }

    /**
     * Explores a model.
     *
     * @param budget the most states that it may have
     * @throws IllegalStateException if it has more
     */
    static <S, M> Exploration<M> explore(Model<S, M> model, int budget) {
        return new Explorer<>(model, budget).run();
    }

    private record Open<S>(int number, S state) {}

    private Exploration<M> run() {
        long transitions = 0;
        int depth = -1;
        List<Open<S>> level = new ArrayList<>();
        S first = model.initial();
        model.check(first);
        level.add(new Open<>(number(first, -1, -1), first));
        while (!level.isEmpty()) {
            depth++;
            List<Open<S>> next = new ArrayList<>();
            for (Open<S> open : level) {
                List<M> allowed = model.moves(open.state());
                for (int i = 0; i < allowed.size(); i++) {
                    transitions++;
                    M move = allowed.get(i);
                    S state;
                    int before = known.size();
                    int number;
                    try {
                        state = model.after(open.state(), move);
                        number = number(state, open.number(), i);
                        if (known.size() > before) {
                            model.check(state);
                        }
                    } catch (Broken broken) {
                        List<M> trace = trace(open.number());
                        trace.add(move);
                        return new Exploration<>(known.size(), transitions, depth + 1, broken, trace);
                    }
                    if (known.size() > before) {
                        next.add(new Open<>(number, state));
                    }
                    if (model.isFair(move) && number != open.number()) {
                        fairFrom.add(open.number());
                        fairTo.add(number);
                    }
                }
            }
            level = next;
        }
        int lost = firstThatCannotSettle();
        if (lost < 0) {
            return new Exploration<>(known.size(), transitions, depth, null, List.of());
        }
        Broken broken = new Broken(Invariant.WAY_BACK, "no fair moves lead from here to a settled state");
        return new Exploration<>(known.size(), transitions, depth, broken, trace(lost));
    }

    private int number(S state, int parent, int move) {
        Fingerprint print = model.fingerprint(state);
        int fresh = known.size();
        int number = known.number(print);
        if (number < fresh) {
            return number;
        }
        if (fresh == budget) {
            throw new IllegalStateException("the model has more than " + budget + " states; nothing is cut off");
        }
        parents.add(parent);
        moves.add(move);
        settled.set(fresh, model.isSettled(state));
        return fresh;
    }

    private List<M> trace(int number) {
        List<Integer> path = new ArrayList<>();
        for (int at = number; parents.get(at) >= 0; at = parents.get(at)) {
            path.add(moves.get(at));
        }
        Collections.reverse(path);
        List<M> trace = new ArrayList<>();
        S state = model.initial();
        for (int index : path) {
            M move = model.moves(state).get(index);
            trace.add(move);
            state = model.after(state, move);
        }
        return trace;
    }

    /** Walks back from the settled states along the fair moves; returns the first state that this does not reach, or -1. */
    private int firstThatCannotSettle() {
        int[] start = new int[known.size() + 1];
        for (int i = 0; i < fairTo.size; i++) {
            start[fairTo.get(i) + 1]++;
        }
        Arrays.parallelPrefix(start, Integer::sum);
        int[] fill = Arrays.copyOf(start, start.length);
        int[] before = new int[fairTo.size];
        for (int i = 0; i < fairTo.size; i++) {
            before[fill[fairTo.get(i)]++] = fairFrom.get(i);
        }
        BitSet reached = (BitSet) settled.clone();
        ArrayDeque<Integer> open = new ArrayDeque<>();
        settled.stream().forEach(open::add);
        while (!open.isEmpty()) {
            int state = open.remove();
            for (int i = start[state]; i < start[state + 1]; i++) {
                if (!reached.get(before[i])) {
                    reached.set(before[i]);
                    open.add(before[i]);
                }
            }
        }
        int lost = reached.nextClearBit(0);
        return lost < known.size() ? lost : -1;
    }

    /** Numbers without boxes: there are millions. */
    private static final class Numbers {
        private int[] values = new int[1024];
        private int size;

        void add(int value) {
            if (size == values.length) {
                values = Arrays.copyOf(values, size * 2);
            }
            values[size++] = value;
        }

        int get(int index) {
            return values[index];
        }
    }
}
