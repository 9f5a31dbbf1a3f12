package dev.vivarium.internal.core;

import java.time.Duration;
import java.time.Instant;

/**
 * How long the state of a session is kept: for its time to live after the answer of its last call at least. A call that only
 * reads has nothing stored while what was stored last is young; that much is added to what is stored, so that it never ends
 * early. Pure.
 */
public final class StateLife {

    /** Which part of the time to live passes before a call that only reads has something stored. */
    private static final int YOUNG = 4;

    // Worked out once: dividing a Duration takes longer than all the rest that a session costs.
    private final Duration kept;
    private final long youngNanos;

    /**
     * Creates it.
     *
     * @param ttl the time to live
     */
    public StateLife(Duration ttl) {
        Duration young = ttl.dividedBy(YOUNG);
        kept = ttl.plus(young);
        youngNanos = young.toNanos();
    }

    /** Returns when what is stored now may be forgotten. */
    public Instant expiry(Instant now) {
        return now.plus(kept);
    }

    /** Returns whether what was stored so many nanoseconds ago must be stored anew when it is used. */
    public boolean isOld(long ageNanos) {
        return ageNanos > youngNanos;
    }

    /**
     * Returns how many nanoseconds ago something was stored that may be forgotten at a time: at least 0, at most as long as it is
     * kept, whatever that time is. A store may keep what it has for longer than it was told, or for ever.
     */
    public long ageNanos(Instant expiresAt, Instant now) {
        if (!expiresAt.isAfter(now)) {
            return kept.toNanos();
        }
        Duration left = Duration.between(now, expiresAt);
        return left.compareTo(kept) >= 0 ? 0 : kept.minus(left).toNanos();
    }
}
