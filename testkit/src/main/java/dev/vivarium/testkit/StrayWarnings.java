package dev.vivarium.testkit;

import dev.vivarium.testkit.internal.KitSystem;
import dev.vivarium.testkit.internal.WarningDesk;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the warnings and errors of this JVM that belong to no test pool which is open at that moment, of some loggers.
 * What another actor system logs, by its name in Pekko's MDC, is not gathered. Thread-safe.
 */
public final class StrayWarnings implements AutoCloseable {

    private final List<String> loggers;
    private final Queue<String> warnings = new ConcurrentLinkedQueue<>();

    private StrayWarnings(List<String> loggers) {
        this.loggers = List.copyOf(loggers);
    }

    /**
     * Begins to gather.
     *
     * @param loggers beginnings of loggers' names, such as {@code dev.vivarium}
     * @throws IllegalStateException when one of these is at a level above WARN, or not additive: its warnings would go unnoticed
     */
    public static StrayWarnings gather(List<String> loggers) {
        WarningDesk.requireAudible(loggers);
        StrayWarnings rest = new StrayWarnings(loggers);
        WarningDesk.open(rest);
        return rest;
    }

    /**
     * Takes a warning if it is of one of the loggers.
     *
     * @param system the actor system that logged it, or null when it does not say
     */
    public void add(String logger, @Nullable String system, String text) {
        if ((system == null || KitSystem.isName(system)) && loggers.stream().anyMatch(logger::startsWith)) {
            warnings.add(text);
        }
    }

    /** Returns what was gathered so far. */
    public List<String> all() {
        return List.copyOf(warnings);
    }

    /** Ends gathering. */
    @Override
    public void close() {
        WarningDesk.close(this);
    }
}
