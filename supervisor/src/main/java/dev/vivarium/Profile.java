package dev.vivarium;

import java.util.EnumSet;
import java.util.Set;

/**
 * Which {@link Safeguard}s a pool has, unless {@link PoolConfigBuilder#withSafeguards} and {@link
 * PoolConfigBuilder#withoutSafeguards} say otherwise. What no profile takes away: deadlines, cancellation, typed errors, the
 * restart of workers that ended, and that nothing stays behind.
 */
public enum Profile {
    /**
     * None. A call whose worker ends fails with {@link WorkerCrashed}, also where it could be sent again without harm, and a
     * worker that hangs while it idles is found by the next call. For callers that have such systems of their own.
     */
    PLAIN,
    /** All. */
    FULL;

    /** Returns the safeguards of the profile. */
    public Set<Safeguard> safeguards() {
        return this == FULL ? EnumSet.allOf(Safeguard.class) : EnumSet.noneOf(Safeguard.class);
    }
}
