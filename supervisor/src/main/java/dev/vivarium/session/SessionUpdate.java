package dev.vivarium.session;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one call made of its session.
 *
 * @param changes encoded values by key; null for a key that was removed; empty when the state is as it was
 * @param epoch of the binding in which it is written; it rises from binding to binding
 * @param resident whether it has something in its worker that cannot travel
 * @param answer what a repeated call with the same idempotency key is answered, or null
 * @param keptAnswers how many answers are kept; the oldest go first
 * @param expiresAt when the session may be forgotten, unless it is used before
 */
public record SessionUpdate(
        Map<String, byte @Nullable []> changes,
        long epoch,
        boolean resident,
        @Nullable Answer answer,
        int keptAnswers,
        Instant expiresAt) {

    /**
     * An answer that is kept.
     *
     * @param key the idempotency key
     * @param result the encoded result
     */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    public record Answer(String key, byte[] result) {}

    /** Returns how much changes, never values: they may be secrets. */
    @Override
    public String toString() {
        return "SessionUpdate(" + changes.size() + " keys, epoch=" + epoch + ")";
    }
}
