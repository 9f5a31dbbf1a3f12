package dev.vivarium.internal.call;

import dev.vivarium.SessionMode;
import org.jspecify.annotations.Nullable;

/** What makes a call one of a session's. Written by the router's thread; the threads that read a worker see what it sent. */
public final class SessionTicket {

    private final String session;
    private final SessionMode mode;
    private boolean concurrent;
    private final @Nullable String key;
    private volatile @Nullable SessionAttempt attempt;
    private @Nullable SessionAttempt settled;
    private int conflicts;

    /**
     * Creates the ticket.
     *
     * @param concurrent whether the call does not wait for its turn
     * @param key its idempotency key, or null
     */
    public SessionTicket(String session, SessionMode mode, boolean concurrent, @Nullable String key) {
        this.session = session;
        this.mode = mode;
        this.concurrent = concurrent;
        this.key = key;
    }

    /** Returns the session's name. */
    public String session() {
        return session;
    }

    /** Returns what becomes of the call when its worker is busy. */
    public SessionMode mode() {
        return mode;
    }

    /** Returns whether the call does not wait for its turn. */
    public boolean concurrent() {
        return concurrent;
    }

    /** Has the call wait for its turn all the same: something is waiting for the concurrent calls to end. */
    public void waitsForItsTurn() {
        concurrent = false;
    }

    /** Returns the idempotency key, or null. */
    public @Nullable String key() {
        return key;
    }

    /** Returns the latest attempt, or null while the call has never left. */
    public @Nullable SessionAttempt attempt() {
        return attempt;
    }

    /** Notes that the call leaves. */
    public void leaves(SessionAttempt next) {
        attempt = next;
    }

    /** Notes that all has been done about an attempt; false when it had been, or is not the latest. */
    public boolean settle(SessionAttempt ended) {
        if (attempt != ended || settled == ended) {
            return false;
        }
        settled = ended;
        return true;
    }

    /** Counts a conflict and returns how many there have been. */
    public int countConflict() {
        return ++conflicts;
    }
}
