package dev.vivarium.internal.context;

import dev.vivarium.PoolEvent;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Where the parts of a pool leave their events; the reporter takes them from here. Thread-safe. */
public final class EventHub {

    private volatile @Nullable Consumer<PoolEvent> sink;

    /** Sends events to {@code consumer} from now on; null means that nobody listens. */
    public void connect(@Nullable Consumer<PoolEvent> consumer) {
        sink = consumer;
    }

    /** Returns whether anybody listens. */
    public boolean isHeard() {
        return sink != null;
    }

    /** Publishes an event. */
    public void publish(PoolEvent event) {
        Consumer<PoolEvent> consumer = sink;
        if (consumer != null) {
            consumer.accept(event);
        }
    }
}
