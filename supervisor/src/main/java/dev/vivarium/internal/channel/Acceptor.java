package dev.vivarium.internal.channel;

import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.ProtocolViolation;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** Decides what a new connection is for. Called on the input and output thread; must not block. */
public interface Acceptor {

    /** Serves frames of a control or guardian connection. */
    interface Frames {
        /** The connection can be written to. */
        void opened(Connection connection);

        /** A frame arrived. */
        void frame(Frame frame);

        /** The peer broke the protocol; the connection has been closed. */
        void violated(ProtocolViolation violation);

        /** The connection ended. */
        void closed();
    }

    /** Serves raw output. */
    interface Bytes {
        /** Bytes arrived. */
        void bytes(ByteBuffer bytes);

        /** The stream ended. */
        void closed();
    }

    /** Returns who serves the guardian's connection, or null to refuse it. */
    @Nullable
    Frames guardian();

    /** Returns who serves a worker's control connection, or null when no such worker is expected. */
    @Nullable
    Frames control(int slot, int incarnation);

    /** What a worker writes besides frames. */
    enum Stream {
        /** Its standard output. */
        STDOUT,
        /** Its standard error. */
        STDERR,
        /** What its threads do, when it is asked. */
        STACKS
    }

    /** Returns who serves what a worker writes, or null when no such worker is expected. */
    @Nullable
    Bytes output(int slot, int incarnation, Stream stream);

    /** Takes over a worker's data channel, in blocking mode; returns false when no such worker is expected. */
    boolean data(int slot, int incarnation, SocketChannel channel);
}
