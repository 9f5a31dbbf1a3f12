package dev.vivarium.chaos;

import java.util.Collection;

/** What is known of what must hold. */
public enum Verdict {
    /** It held. */
    VALID,
    /** Whether it held is not known: the measurement itself is bad. */
    UNKNOWN,
    /** It did not hold. */
    INVALID;

    /** Returns the verdict on all of several: one that does not hold outweighs one that is not known, and that those that hold. */
    public static Verdict of(Collection<Verdict> parts) {
        return parts.stream().max(Enum::compareTo).orElse(UNKNOWN);
    }
}
