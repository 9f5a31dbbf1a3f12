package dev.vivarium.internal.link;

import dev.vivarium.internal.channel.Connection;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.message.Ready;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The way to a worker's control channel. The channels of a worker are accepted one after the other, and by other threads than
 * those that read them: a worker may have said on the data channel that it is ready before this one is there. It counts as ready
 * only when both have happened, so that no call runs that a cancellation could not reach. Thread-safe.
 */
final class ControlLine {

    private final Consumer<Ready> whenBoth;
    private final Queue<Ready> untold = new ConcurrentLinkedQueue<>();
    private volatile @Nullable Connection connection;

    /** Creates the line; {@code whenBoth} hears that the worker is ready, once it has its control channel. */
    ControlLine(Consumer<Ready> whenBoth) {
        this.whenBoth = whenBoth;
    }

    /** The worker says that it is ready: each time, as a second time breaks the protocol. */
    void ready(Ready said) {
        untold.add(said);
        tell();
    }

    /** The channel is there. */
    void opened(Connection opened) {
        connection = opened;
        tell();
    }

    private void tell() {
        if (connection != null) {
            for (Ready said = untold.poll(); said != null; said = untold.poll()) {
                whenBoth.accept(said);
            }
        }
    }

    /** Sends a frame; does nothing where there is no channel any more. */
    void send(Frame frame) {
        Connection known = connection;
        if (known != null) {
            known.send(frame);
        }
    }

    /** Ends the channel. */
    void close() {
        Connection known = connection;
        if (known != null) {
            known.close();
        }
    }

    /** The channel has ended. */
    void closed() {
        connection = null;
    }
}
