package dev.vivarium.testkit.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channel;
import java.nio.channels.SocketChannel;

/** Closing, of which nothing is expected to go wrong. */
final class Channels {

    private Channels() {}

    static void close(Channel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Tells the other end that nothing more comes; a connection that has gone already needs no telling. */
    static void endOutput(SocketChannel channel) {
        try {
            var unused = channel.shutdownOutput();
        } catch (IOException gone) {
            close(channel);
        }
    }
}
