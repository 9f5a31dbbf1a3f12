package dev.vivarium.internal.call;

import dev.vivarium.StreamPolicy;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Credit;
import dev.vivarium.protocol.ItemBlock;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One sending of a call whose answer is a stream: counts what has come and what was consumed, and holds the worker to its
 * credit. Thread-safe; what it tells others is told outside of its lock.
 */
public final class StreamAttempt {

    /** The way to the worker. Called on any thread; must not block. */
    public interface Line {
        /** The worker may send more: so much since the beginning. */
        void credit(Credit total);

        /** Sends what the handler asked for. */
        void feed(long first, List<byte[]> items);

        /** Tells the handler that there are no more. */
        void feedEnd();
    }

    private final StreamTicket ticket;
    private final Line line;
    private final long halfItems;
    private final long halfBytes;
    private boolean open = true;
    private boolean wanting;
    private long fedItems;
    private long receivedItems;
    private long receivedBytes;
    private long consumedItems;
    private long consumedBytes;
    private Credit granted;

    StreamAttempt(StreamTicket ticket, Line line) {
        StreamPolicy policy = ticket.policy();
        this.ticket = ticket;
        this.line = line;
        this.halfItems = Math.max(1, policy.windowItems() / 2);
        this.halfBytes = Math.max(1, policy.windowBytes() / 2);
        this.granted = new Credit(policy.windowItems(), policy.windowBytes());
    }

    /**
     * Takes items that have come.
     *
     * @throws CodecException when they are not those that come next, or more than the worker may send
     */
    public void received(ItemBlock block) throws CodecException {
        synchronized (this) {
            if (block.first() != receivedItems) {
                throw new CodecException("item " + block.first() + " came where " + receivedItems + " is next", null);
            }
            int most = ticket.policy().frameItems();
            if (block.count() > most) {
                throw new CodecException("a frame holds at most " + most + " items, got " + block.count(), null);
            }
            // The last item may go beyond what is allowed, and the ones before it may not reach it.
            long before = receivedBytes + block.bytes() - block.length(block.count() - 1);
            receivedItems += block.count();
            receivedBytes += block.bytes();
            if (receivedItems > granted.items() || before >= granted.bytes()) {
                throw new CodecException(
                        receivedItems + " items of " + receivedBytes + " bytes came, allowed were " + granted.items()
                                + " of " + granted.bytes(),
                        null);
            }
            if (!open) {
                return;
            }
            ticket.touch();
        }
        ticket.receiver().items(block);
    }

    /**
     * Takes the question for items that the handler gets.
     *
     * @throws CodecException when it must not ask
     */
    public void wanted(Credit most) throws CodecException {
        synchronized (this) {
            if (!ticket.isFed() || wanting || most.items() < 1) {
                throw new CodecException(
                        ticket.isFed() ? "it asks for items again, or for none" : "it gets no items", null);
            }
            wanting = true;
            if (!open) {
                return;
            }
        }
        ticket.receiver().wanted(this, most);
    }

    /**
     * Checks how many items the worker says that it has sent.
     *
     * @throws CodecException when it is another number than have come
     */
    public synchronized void checkEnd(byte[] count) throws CodecException {
        if (!new String(count, StandardCharsets.US_ASCII).equals(Long.toString(receivedItems))) {
            throw new CodecException(
                    "the end of a stream tells of another number of items than " + receivedItems, null);
        }
    }

    /** Notes that the consumer has taken items. */
    void consumed(long items, long bytes) {
        Credit more;
        synchronized (this) {
            consumedItems += items;
            consumedBytes += bytes;
            more = moreCredit();
        }
        if (more != null) {
            line.credit(more);
        }
    }

    private @Nullable Credit moreCredit() {
        StreamPolicy policy = ticket.policy();
        Credit now = new Credit(consumedItems + policy.windowItems(), consumedBytes + policy.windowBytes());
        boolean due = now.items() - granted.items() >= halfItems || now.bytes() - granted.bytes() >= halfBytes;
        if (!open || !due) {
            return null;
        }
        granted = now;
        return now;
    }

    /**
     * Sends items that the handler asked for, at least one.
     *
     * @return false when it does not ask any more, because its attempt has ended
     */
    public boolean feed(List<byte[]> items) {
        long first;
        synchronized (this) {
            if (!open || !wanting) {
                return false;
            }
            wanting = false;
            first = fedItems;
            fedItems += items.size();
            ticket.touch();
        }
        line.feed(first, items);
        return true;
    }

    /** Tells the handler, which asks for more, that there are none. */
    public void feedEnd() {
        synchronized (this) {
            if (!open || !wanting) {
                return;
            }
            wanting = false;
        }
        line.feedEnd();
    }

    /** Returns whether the worker has no credit left. */
    public synchronized boolean isHeldBack() {
        return open && (receivedItems >= granted.items() || receivedBytes >= granted.bytes());
    }

    /** Passes nothing on any more. */
    public synchronized void close() {
        open = false;
    }
}
