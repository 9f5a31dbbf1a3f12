package dev.vivarium;

import dev.vivarium.session.Durability;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How sessions are kept. Immutable; every method returns a changed copy.
 *
 * @param mode what becomes of a call when the worker that has its session is busy
 * @param ttl how long a session stays with its worker after its last call, 10 ms to 30 days
 * @param stateTtl how long its state is kept after its last call, or up to a quarter longer; at least {@code ttl}, at most 365
 *     days
 * @param maxBindings sessions that are with a worker at the same time, 1 to 10,000,000; of those without a call the one that
 *     was used least recently gives way
 * @param keptAnswers answers to idempotency keys that are kept for each session, 0 to 1,000; the oldest goes first. With 0,
 *     calls that have a key are refused
 * @param maxStateBytes the most that the state of one session may take, its kept answers included, 64 to 268,435,456; for a
 *     store of the pool's own
 * @param maxTotalBytes the most that all of them may take together, 64 to 1,099,511,627,776; for a store of the pool's own
 * @param storeTimeout how long a store may take to read or to forget a session, 1 ms to 1 hour; changes may be stored until
 *     the call's deadline
 * @param closeTimeout how long a function marked {@code @session_close} may take, 1 ms to 1 hour; a worker in which one takes
 *     longer ends and is replaced
 * @param store where the pool keeps sessions, unless it is given a store
 * @param file the file of the store {@link Store#FILE}, in a folder that exists; null for none
 * @param durability what a call that was answered survives in the store {@link Store#FILE}
 */
public record SessionPolicy(
        SessionMode mode,
        Duration ttl,
        Duration stateTtl,
        int maxBindings,
        int keptAnswers,
        long maxStateBytes,
        long maxTotalBytes,
        Duration storeTimeout,
        Duration closeTimeout,
        Store store,
        @Nullable Path file,
        Durability durability) {

    /** Where a pool keeps sessions by itself. */
    public enum Store {
        /** In the JVM's memory: they end with the pool. */
        MEMORY,
        /** In a file, which the pool opens when it starts and closes when it has closed. */
        FILE
    }

    /**
     * Hint; 5 minutes with a worker; state for a day; 100,000 bindings; 16 answers; 1 MiB each, 256 MiB together; 5 s for a
     * store, 5 s for a function that closes; in memory. A file would be flushed before each answer.
     */
    public static final SessionPolicy DEFAULT = new SessionPolicy(
            SessionMode.HINT,
            Duration.ofMinutes(5),
            Duration.ofDays(1),
            100_000,
            16,
            1 << 20,
            256 << 20,
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            Store.MEMORY,
            null,
            Durability.FSYNC);

    /** Sets what becomes of calls whose worker is busy. */
    public SessionPolicy mode(SessionMode value) {
        return with(draft -> draft.mode = value);
    }

    /** Sets how long a session stays with its worker. */
    public SessionPolicy ttl(Duration value) {
        return with(draft -> draft.ttl = value);
    }

    /** Sets how long its state is kept. */
    public SessionPolicy stateTtl(Duration value) {
        return with(draft -> draft.stateTtl = value);
    }

    /** Sets how many sessions may be with a worker. */
    public SessionPolicy maxBindings(int value) {
        return with(draft -> draft.maxBindings = value);
    }

    /** Sets how many answers are kept for each session. */
    public SessionPolicy keptAnswers(int value) {
        return with(draft -> draft.keptAnswers = value);
    }

    /** Sets how much one session may take. */
    public SessionPolicy maxStateBytes(long value) {
        return with(draft -> draft.maxStateBytes = value);
    }

    /** Sets how much all sessions may take. */
    public SessionPolicy maxTotalBytes(long value) {
        return with(draft -> draft.maxTotalBytes = value);
    }

    /** Sets how long a store may take. */
    public SessionPolicy storeTimeout(Duration value) {
        return with(draft -> draft.storeTimeout = value);
    }

    /** Sets how long a function that closes a session may take. */
    public SessionPolicy closeTimeout(Duration value) {
        return with(draft -> draft.closeTimeout = value);
    }

    /** Sets where the pool keeps sessions. */
    public SessionPolicy store(Store value) {
        return with(draft -> draft.store = value);
    }

    /** Sets the file of the store {@link Store#FILE}. */
    public SessionPolicy file(Path value) {
        return with(draft -> draft.file = value);
    }

    /** Sets what a call that was answered survives in the store {@link Store#FILE}. */
    public SessionPolicy durability(Durability value) {
        return with(draft -> draft.durability = value);
    }

    private SessionPolicy with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return new SessionPolicy(
                draft.mode,
                draft.ttl,
                draft.stateTtl,
                draft.maxBindings,
                draft.keptAnswers,
                draft.maxStateBytes,
                draft.maxTotalBytes,
                draft.storeTimeout,
                draft.closeTimeout,
                draft.store,
                draft.file,
                draft.durability);
    }

    /** A copy that may be changed, so that each method names the one thing that it changes. */
    private static final class Draft {
        private SessionMode mode;
        private Duration ttl;
        private Duration stateTtl;
        private int maxBindings;
        private int keptAnswers;
        private long maxStateBytes;
        private long maxTotalBytes;
        private Duration storeTimeout;
        private Duration closeTimeout;
        private Store store;
        private @Nullable Path file;
        private Durability durability;

        Draft(SessionPolicy from) {
            mode = from.mode;
            ttl = from.ttl;
            stateTtl = from.stateTtl;
            maxBindings = from.maxBindings;
            keptAnswers = from.keptAnswers;
            maxStateBytes = from.maxStateBytes;
            maxTotalBytes = from.maxTotalBytes;
            storeTimeout = from.storeTimeout;
            closeTimeout = from.closeTimeout;
            store = from.store;
            file = from.file;
            durability = from.durability;
        }
    }
}
