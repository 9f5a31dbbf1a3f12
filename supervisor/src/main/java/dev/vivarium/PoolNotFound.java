package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;

/** No pool of that name runs in the actor system. */
public final class PoolNotFound extends PoolException {

    private static final long serialVersionUID = 1L;

    private final List<String> running;

    /**
     * Creates the error.
     *
     * @param name the name that was looked for
     * @param system the actor system's name
     * @param running the names of the pools that do run there
     */
    public PoolNotFound(String name, String system, List<String> running) {
        super(
                ErrorCategory.SYSTEM,
                Execution.NOT_STARTED,
                "no pool named '" + name + "' runs in actor system '" + system + "'; "
                        + (running.isEmpty() ? "no pool runs there" : "running: " + String.join(", ", running)),
                null);
        this.running = List.copyOf(running);
    }

    /** Returns the names of the pools that run there. */
    public List<String> running() {
        return running;
    }
}
