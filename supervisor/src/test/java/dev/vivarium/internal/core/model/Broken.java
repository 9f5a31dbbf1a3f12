package dev.vivarium.internal.core.model;

/** An invariant does not hold. */
final class Broken extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final Invariant invariant;

    Broken(Invariant invariant, String detail) {
        super(invariant + ": " + detail, null, false, false);
        this.invariant = invariant;
    }

    Invariant invariant() {
        return invariant;
    }
}
