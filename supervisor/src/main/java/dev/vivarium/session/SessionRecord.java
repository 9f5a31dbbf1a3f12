package dev.vivarium.session;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A session as a {@link SessionStore} keeps it. Immutable; the arrays must not be changed.
 *
 * @param revision counts what was written, from 1; 0 for a session that was never written
 * @param version counts the changes of the state
 * @param epoch of the binding in which it was written; it rises from binding to binding
 * @param resident whether it has something in its worker that cannot travel
 * @param state encoded values by key
 * @param answers encoded results by idempotency key, oldest first
 * @param expiresAt when it may be forgotten, unless it is used before
 */
public record SessionRecord(
        long revision,
        long version,
        long epoch,
        boolean resident,
        Map<String, byte[]> state,
        Map<String, byte[]> answers,
        Instant expiresAt) {

    /** A session that was never written. */
    public static final SessionRecord NEW = new SessionRecord(0, 0, 0, false, Map.of(), Map.of(), Instant.EPOCH);

    private static final int FIXED_BYTES = 64;
    private static final int ENTRY_BYTES = 16;

    /** Makes the maps unmodifiable; they must not be changed afterwards. */
    public SessionRecord {
        state = Collections.unmodifiableMap(state);
        answers = Collections.unmodifiableMap(answers);
    }

    /** Returns what becomes of it with an update, with the next revision. */
    public SessionRecord with(SessionUpdate update) {
        Map<String, byte[]> next = state;
        if (!update.changes().isEmpty()) {
            next = new LinkedHashMap<>(state);
            for (Map.Entry<String, byte @Nullable []> change : update.changes().entrySet()) {
                byte[] value = change.getValue();
                if (value == null) {
                    next.remove(change.getKey());
                } else {
                    next.put(change.getKey(), value);
                }
            }
        }
        return new SessionRecord(
                revision + 1,
                update.changes().isEmpty() ? version : version + 1,
                update.epoch(),
                update.resident(),
                next,
                answers(update),
                update.expiresAt());
    }

    private Map<String, byte[]> answers(SessionUpdate update) {
        SessionUpdate.Answer answer = update.answer();
        if (answer == null || update.keptAnswers() == 0) {
            return answers;
        }
        Map<String, byte[]> next = new LinkedHashMap<>(answers);
        next.put(answer.key(), answer.result());
        Iterator<String> oldest = next.keySet().iterator();
        while (next.size() > update.keptAnswers()) {
            oldest.next();
            oldest.remove();
        }
        return next;
    }

    /** Returns about how much memory it takes: keys, values and a little for each. */
    public long bytes() {
        return FIXED_BYTES + bytes(state) + bytes(answers);
    }

    private static long bytes(Map<String, byte[]> entries) {
        long sum = 0;
        for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
            sum += ENTRY_BYTES + entry.getKey().getBytes(StandardCharsets.UTF_8).length + entry.getValue().length;
        }
        return sum;
    }

    /** Returns the numbers and the keys' count, never values: they may be secrets. */
    @Override
    public String toString() {
        return "SessionRecord(revision=" + revision + ", version=" + version + ", epoch=" + epoch + ", " + state.size()
                + " keys)";
    }
}
