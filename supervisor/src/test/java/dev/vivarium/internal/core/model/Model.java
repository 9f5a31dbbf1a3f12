package dev.vivarium.internal.core.model;

import java.util.List;

/**
 * A system that moves in steps: which moves each state allows, and what each leads to. Deterministic: a state and a move
 * give one next state, so that a list of moves is a history that can be repeated.
 *
 * @param <S> a state; never changed once it was returned
 * @param <M> a move; equal moves do the same
 */
interface Model<S, M> {

    /** Returns the first state. */
    S initial();

    /** Returns every move that the state allows, always in the same order. */
    List<M> moves(S state);

    /** Returns the state that a move leads to; throws {@link Broken} when the move itself breaks an invariant. */
    S after(S state, M move);

    /** Throws {@link Broken} when an invariant does not hold. */
    void check(S state);

    /** Returns whether the move needs no misfortune; such moves alone must lead back to a settled state. */
    boolean isFair(M move);

    /** Returns whether everything is done and well. */
    boolean isSettled(S state);

    /** Returns the same for two states if and only if their futures are the same. */
    Fingerprint fingerprint(S state);
}
