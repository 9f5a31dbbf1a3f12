package dev.vivarium.testkit;

/** A fault was asked for that cannot land on this layer, or at this moment. */
public final class FaultNotPossible extends RuntimeException {
    private static final long serialVersionUID = 1L;

    FaultNotPossible(String message) {
        super(message);
    }
}
