package dev.vivarium;

/** How bad a failure is. */
public enum Severity {
    /** To be expected now and then; says nothing against the pool. */
    MINOR,
    /** Something of ours or of the handler's is wrong. */
    MAJOR,
    /** Trying again does not help, or the whole pool is affected. */
    CRITICAL;

    /** Returns the next worse one; the worst stays. */
    public Severity worse() {
        return this == MINOR ? MAJOR : CRITICAL;
    }
}
