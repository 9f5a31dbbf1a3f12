package dev.vivarium.session;

import dev.vivarium.SessionRefused;
import java.time.Instant;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Keeps sessions in this JVM's memory, within limits: what would exceed them is refused, nothing is dropped for it. The
 * sessions end with the JVM.
 */
public final class MemorySessionStore implements SessionStore {

    private final long maxStateBytes;
    private final long maxTotalBytes;
    private final ConcurrentHashMap<String, SessionRecord> sessions = new ConcurrentHashMap<>();
    private final AtomicLong bytes = new AtomicLong();
    private final Sweep sweep = new Sweep();

    /** Where the last look for expired sessions has stopped. Guarded by itself. */
    private static final class Sweep {
        private Iterator<Map.Entry<String, SessionRecord>> position = Collections.emptyIterator();
    }

    /**
     * Creates an empty store.
     *
     * @param maxStateBytes the most that one session may take
     * @param maxTotalBytes the most that all of them may take together
     * @throws IllegalArgumentException when a limit is not positive
     */
    public MemorySessionStore(long maxStateBytes, long maxTotalBytes) {
        if (maxStateBytes < 1 || maxTotalBytes < 1) {
            throw new IllegalArgumentException(
                    "maxStateBytes and maxTotalBytes must be >= 1, got " + maxStateBytes + " and " + maxTotalBytes);
        }
        this.maxStateBytes = maxStateBytes;
        this.maxTotalBytes = maxTotalBytes;
    }

    @Override
    public CompletionStage<Optional<SessionRecord>> load(String session) {
        return CompletableFuture.completedFuture(Optional.ofNullable(sessions.get(session)));
    }

    @Override
    public CompletionStage<Commit> commit(String session, long expected, SessionUpdate update) {
        Commit[] result = new Commit[1];
        sessions.compute(session, (name, stored) -> {
            SessionRecord before = stored == null ? SessionRecord.NEW : stored;
            if (before.revision() != expected) {
                result[0] = new Commit.Conflict(before.revision());
                return stored;
            }
            SessionRecord next = before.with(update);
            Commit.Refused refused = taken(session, stored, next);
            result[0] = refused == null ? new Commit.Committed(next) : refused;
            return refused == null ? next : stored;
        });
        return CompletableFuture.completedFuture(result[0]);
    }

    /** Takes the room that a session needs; says why it cannot. */
    private Commit.@Nullable Refused taken(String session, @Nullable SessionRecord before, SessionRecord next) {
        long size = size(session, next);
        if (size > maxStateBytes) {
            return new Commit.Refused(SessionRefused.Reason.SESSION_QUOTA, maxStateBytes, size);
        }
        long more = size - (before == null ? 0 : size(session, before));
        long total = bytes.addAndGet(more);
        if (more > 0 && total > maxTotalBytes) {
            bytes.addAndGet(-more);
            return new Commit.Refused(SessionRefused.Reason.TOTAL_QUOTA, maxTotalBytes, total);
        }
        return null;
    }

    private static long size(String session, SessionRecord record) {
        return record.bytes() + session.length();
    }

    @Override
    public CompletionStage<Boolean> remove(String session) {
        SessionRecord removed = sessions.remove(session);
        if (removed != null) {
            bytes.addAndGet(-size(session, removed));
        }
        return CompletableFuture.completedFuture(removed != null);
    }

    @Override
    public CompletionStage<Integer> removeExpired(Instant now, int atMost) {
        int removed = 0;
        synchronized (sweep) {
            for (int looked = 0; looked < atMost; looked++) {
                if (!sweep.position.hasNext()) {
                    sweep.position = sessions.entrySet().iterator();
                    break;
                }
                Map.Entry<String, SessionRecord> entry = sweep.position.next();
                SessionRecord record = entry.getValue();
                if (record.expiresAt().isBefore(now) && sessions.remove(entry.getKey(), record)) {
                    bytes.addAndGet(-size(entry.getKey(), record));
                    removed++;
                }
            }
        }
        return CompletableFuture.completedFuture(removed);
    }

    /** Returns how many sessions there are. */
    public int size() {
        return sessions.size();
    }

    /** Returns about how much memory they take. */
    public long bytes() {
        return bytes.get();
    }

    @Override
    public void close() {
        sessions.clear();
        bytes.set(0);
    }
}
