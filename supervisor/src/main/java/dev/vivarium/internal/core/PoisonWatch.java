package dev.vivarium.internal.core;

import dev.vivarium.PoisonPolicy;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts the processes that calls have ended from within. Calls that are equal as they are encoded, handler and arguments,
 * are one. Bounded: the oldest suspect is forgotten for a new one. Not thread-safe.
 */
public final class PoisonWatch {

    /** Calls that are under suspicion at once. */
    public static final int MAX_SUSPECTS = 1000;

    private record Suspect(int deaths, long since, int length) {}

    private final PoisonPolicy policy;
    private final Map<String, Suspect> suspects = new LinkedHashMap<>();
    private final Map<Integer, Integer> lengths = new HashMap<>();

    /** Creates a watch. */
    public PoisonWatch(PoisonPolicy policy) {
        this.policy = policy;
    }

    /**
     * A call has ended its process from within.
     *
     * @param length its size as it is encoded
     * @param key what equal calls have in common, and others do not
     * @return how many processes it has ended by now
     */
    public int died(int length, String key, long now) {
        forget(now);
        Suspect before = acquit(key);
        int deaths = before == null ? 1 : before.deaths() + 1;
        if (suspects.size() >= MAX_SUSPECTS) {
            acquit(suspects.keySet().iterator().next());
        }
        suspects.put(key, new Suspect(deaths, now, length));
        lengths.merge(length, 1, Integer::sum);
        return deaths;
    }

    /** A call has ended well: it cannot be that bad. */
    public void survived(int length, Supplier<String> key) {
        if (mayBeSuspect(length)) {
            acquit(key.get());
        }
    }

    /** Returns how many processes an equal call has ended. */
    public int deaths(int length, Supplier<String> key, long now) {
        forget(now);
        Suspect suspect = mayBeSuspect(length) ? suspects.get(key.get()) : null;
        return suspect == null ? 0 : suspect.deaths();
    }

    /** Returns whether no call is under suspicion. */
    public boolean isEmpty() {
        return suspects.isEmpty();
    }

    /** The hash of a large call takes long, and few calls are as long as a suspect. */
    private boolean mayBeSuspect(int length) {
        return lengths.containsKey(length);
    }

    /** Returns whether so many deaths are too many. */
    public boolean isPoison(int deaths) {
        return deaths >= policy.deaths();
    }

    private @Nullable Suspect acquit(String key) {
        Suspect suspect = suspects.remove(key);
        if (suspect != null) {
            lengths.computeIfPresent(suspect.length(), (length, count) -> count == 1 ? null : count - 1);
        }
        return suspect;
    }

    private void forget(long now) {
        // The order is that of the last death, so the first that is young enough ends the search.
        while (!suspects.isEmpty()) {
            Map.Entry<String, Suspect> oldest = suspects.entrySet().iterator().next();
            if (now - oldest.getValue().since() < policy.forgetAfter().toNanos()) {
                return;
            }
            acquit(oldest.getKey());
        }
    }
}
