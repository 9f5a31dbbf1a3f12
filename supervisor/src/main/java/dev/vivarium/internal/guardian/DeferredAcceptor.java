package dev.vivarium.internal.guardian;

import dev.vivarium.internal.channel.Acceptor;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Passes connections to an acceptor that is completed before the first one can come. */
record DeferredAcceptor(CompletableFuture<Acceptor> target) implements Acceptor {

    @Override
    public @Nullable Frames guardian() {
        return target.join().guardian();
    }

    @Override
    public @Nullable Frames control(int slot, int incarnation) {
        return target.join().control(slot, incarnation);
    }

    @Override
    public @Nullable Bytes output(int slot, int incarnation, Stream stream) {
        return target.join().output(slot, incarnation, stream);
    }

    @Override
    public boolean data(int slot, int incarnation, SocketChannel channel) {
        return target.join().data(slot, incarnation, channel);
    }
}
