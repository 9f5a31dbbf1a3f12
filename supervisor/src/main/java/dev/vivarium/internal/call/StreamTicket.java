package dev.vivarium.internal.call;

import dev.vivarium.StreamPolicy;
import dev.vivarium.protocol.Credit;
import dev.vivarium.protocol.ItemBlock;
import dev.vivarium.protocol.StreamHead;
import org.jspecify.annotations.Nullable;

/**
 * What makes a call's answer a stream. Each time the call is sent there is a new {@link StreamAttempt}, and the one before it
 * passes nothing on any more. Thread-safe.
 */
public final class StreamTicket {

    /** Who takes the items. Called on a thread that reads a worker; must not block. */
    public interface Receiver {
        /** Items have come. */
        void items(ItemBlock block);

        /** The handler asks for items of its own, so many at the most. */
        void wanted(StreamAttempt attempt, Credit most);
    }

    private final StreamPolicy policy;
    private final boolean fed;
    private final Receiver receiver;
    private volatile @Nullable StreamAttempt attempt;
    private volatile boolean touched;

    /**
     * Creates the ticket.
     *
     * @param fed whether the handler gets items as well
     */
    public StreamTicket(StreamPolicy policy, boolean fed, Receiver receiver) {
        this.policy = policy;
        this.fed = fed;
        this.receiver = receiver;
    }

    /** Returns whether the handler gets items as well. */
    public boolean isFed() {
        return fed;
    }

    /** Returns whether no item has passed in either direction, so that it can be begun anew. */
    public boolean isUntouched() {
        return !touched;
    }

    /** Returns the head that goes before the call. */
    public StreamHead head(boolean ofSession) {
        return new StreamHead(
                new Credit(policy.windowItems(), policy.windowBytes()), policy.frameItems(), ofSession, fed);
    }

    /** Begins an attempt, which is about to be sent, and ends the one before it. */
    public StreamAttempt begin(StreamAttempt.Line line) {
        StreamAttempt before = attempt;
        if (before != null) {
            before.close();
        }
        StreamAttempt begun = new StreamAttempt(this, line);
        attempt = begun;
        return begun;
    }

    /** Notes that the consumer has taken items, and lets the worker send more when it is time. */
    public void consumed(long items, long bytes) {
        StreamAttempt current = attempt;
        if (current != null) {
            current.consumed(items, bytes);
        }
    }

    /** Returns the latest attempt, or null while there is none. */
    public @Nullable StreamAttempt attempt() {
        return attempt;
    }

    StreamPolicy policy() {
        return policy;
    }

    Receiver receiver() {
        return receiver;
    }

    void touch() {
        touched = true;
    }
}
