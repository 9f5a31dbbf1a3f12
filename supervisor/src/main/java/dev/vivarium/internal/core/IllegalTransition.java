package dev.vivarium.internal.core;

import dev.vivarium.WorkerState;

/** A defect: something tried to move an incarnation along an edge that the table of {@link WorkerState} does not have. */
public final class IllegalTransition extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    /** Creates the error. */
    public IllegalTransition(int incarnation, WorkerState from, WorkerState to) {
        super("incarnation " + incarnation + " cannot move from " + from + " to " + to);
    }
}
