package dev.vivarium.internal.core;

import dev.vivarium.RetryPolicy;

/**
 * Keeps retries a share of the load: each accepted call pays in a part of a retry, each retry takes out a whole one. Not
 * thread-safe.
 */
public final class RetryBudget {

    private static final double REFILL_NANOS = 10e9;

    private final RetryPolicy policy;
    private double tokens;
    private long paidFor;
    private long last;

    /** Creates a full budget. */
    public RetryBudget(RetryPolicy policy, long now) {
        this.policy = policy;
        this.tokens = policy.burst();
        this.last = now;
    }

    /**
     * Takes a retry out; false when there is none.
     *
     * @param accepted calls accepted so far
     */
    public boolean take(long accepted, long now) {
        double paid = tokens + policy.budget() * (accepted - paidFor);
        double back = policy.burst() * ((now - last) / REFILL_NANOS);
        paidFor = accepted;
        last = now;
        // Calls save up for as many retries as the burst, or for ten calls' worth where there is no burst.
        double most = Math.max(policy.burst(), 10 * policy.budget());
        tokens = Math.min(most, Math.max(paid, Math.min(policy.burst(), paid + back)));
        // Ten payments of a tenth are a whole one, whatever binary fractions make of it.
        if (tokens < 1 - 1e-9) {
            return false;
        }
        tokens = Math.max(0, tokens - 1);
        return true;
    }
}
