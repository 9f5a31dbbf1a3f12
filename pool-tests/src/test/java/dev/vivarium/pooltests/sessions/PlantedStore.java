package dev.vivarium.pooltests.sessions;

import dev.vivarium.session.Commit;
import dev.vivarium.session.MemorySessionStore;
import dev.vivarium.session.SessionRecord;
import dev.vivarium.session.SessionStore;
import dev.vivarium.session.SessionUpdate;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A store in memory that does wrong where it is told to, without its numbers giving it away: the pool believes it, and only
 * what the sessions' callers are told shows it.
 */
public final class PlantedStore implements SessionStore {

    /** What it does wrong. */
    public enum Wrong {
        /** A commit is answered well and not made. */
        LOST,
        /** A commit is made as though the call had been run twice. */
        DOUBLED,
        /** A read is answered what was there before the last commit. */
        STALE
    }

    /** The key whose value is a counter. */
    private static final String COUNT = "count";

    private final MemorySessionStore real = new MemorySessionStore(1 << 20, 1 << 30);
    private final Map<String, SessionRecord> before = new ConcurrentHashMap<>();
    private final Predicate<Wrong> now;

    /**
     * Creates a store.
     *
     * @param now asked at each commit that counts, and at each read of a session, whether to do wrong; on any thread
     */
    public PlantedStore(Predicate<Wrong> now) {
        this.now = now;
    }

    /** Returns a store that does each of some wrongs about once in {@code often} times. */
    static PlantedStore often(Set<Wrong> wrongs, int often, java.util.Random random) {
        return new PlantedStore(wrong -> wrongs.contains(wrong) && random.nextInt(often) == 0);
    }

    @Override
    public CompletionStage<Optional<SessionRecord>> load(String session) {
        return real.load(session)
                .thenApply(stored -> stored.map(record -> {
                    SessionRecord old = before.get(session);
                    if (old == null || !now.test(Wrong.STALE)) {
                        return record;
                    }
                    return new SessionRecord(
                            record.revision(),
                            record.version(),
                            record.epoch(),
                            record.resident(),
                            old.state(),
                            record.answers(),
                            record.expiresAt());
                }));
    }

    @Override
    public CompletionStage<Commit> commit(String session, long expected, SessionUpdate update) {
        Map<String, byte @Nullable []> changes = new HashMap<>(update.changes());
        byte[] counted = changes.get(COUNT);
        SessionRecord present = real.load(session).toCompletableFuture().join().orElse(SessionRecord.NEW);
        if (counted != null && present.revision() == expected) {
            before.put(session, present);
            if (now.test(Wrong.LOST)) {
                // The version goes on, so that the pool notices nothing.
                byte[] old = present.state().get(COUNT);
                changes.put(COUNT, old == null ? "0".getBytes(StandardCharsets.UTF_8) : old);
            } else if (now.test(Wrong.DOUBLED)) {
                long value = Long.parseLong(new String(counted, StandardCharsets.UTF_8));
                changes.put(COUNT, Long.toString(value + 1).getBytes(StandardCharsets.UTF_8));
            }
        }
        return real.commit(
                session,
                expected,
                new SessionUpdate(
                        changes,
                        update.epoch(),
                        update.resident(),
                        update.answer(),
                        update.keptAnswers(),
                        update.expiresAt()));
    }

    @Override
    public CompletionStage<Boolean> remove(String session) {
        return real.remove(session);
    }

    @Override
    public CompletionStage<Integer> removeExpired(Instant at, int atMost) {
        return real.removeExpired(at, atMost);
    }

    @Override
    public void close() {
        real.close();
    }
}
