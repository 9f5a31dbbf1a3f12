package dev.vivarium.internal.core.model;

import java.util.List;

/**
 * What an exploration found.
 *
 * @param states different states
 * @param transitions moves made, one for each state and each move that it allows
 * @param depth moves on the longest of the shortest ways to a state
 * @param violation the first broken invariant on the shortest way to one, or null
 * @param trace the moves that lead to the violation
 */
record Exploration<M>(int states, long transitions, int depth, Broken violation, List<M> trace) {

    boolean isClean() {
        return violation == null;
    }

    /** Returns the counts, and the violation with its trace when there is one. */
    String report() {
        StringBuilder text =
                new StringBuilder(String.format("%,d states, %,d transitions, depth %d", states, transitions, depth));
        if (violation != null) {
            text.append("; broken after ")
                    .append(trace.size())
                    .append(" moves: ")
                    .append(violation.getMessage());
            trace.forEach(move -> text.append("\n    ").append(move));
        }
        return text.toString();
    }
}
