package dev.vivarium.internal.guardian;

import dev.vivarium.internal.channel.Acceptor;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Passes connections to an acceptor that is set later. */
record DeferredAcceptor(AtomicReference<Acceptor> target) implements Acceptor {

    @Override
    public @Nullable Frames guardian() {
        return target.get().guardian();
    }

    @Override
    public @Nullable Frames control(int slot, int incarnation) {
        return target.get().control(slot, incarnation);
    }

    @Override
    public @Nullable Bytes output(int slot, int incarnation, boolean errors) {
        return target.get().output(slot, incarnation, errors);
    }

    @Override
    public boolean data(int slot, int incarnation, SocketChannel channel) {
        return target.get().data(slot, incarnation, channel);
    }
}
