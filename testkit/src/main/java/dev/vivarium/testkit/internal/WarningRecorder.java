package dev.vivarium.testkit.internal;

import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Keeps the warnings and errors that bear a pool's name: in the MDC, where Pekko puts its actor system and source, in the
 * thread's name or the logger's, or in the text. Thread-safe.
 */
public final class WarningRecorder implements AutoCloseable {

    private final String pool;
    private final Queue<String> warnings = new ConcurrentLinkedQueue<>();
    private final Queue<String> expected = new ConcurrentLinkedQueue<>();

    /** Creates a recorder and begins to listen. */
    public WarningRecorder(String pool) {
        this.pool = pool;
        WarningDesk.open(this);
    }

    /** Takes a warning if it is the pool's. */
    boolean claims(ILoggingEvent event) {
        boolean ours = event.getFormattedMessage().contains(pool)
                || event.getLoggerName().contains(pool)
                || event.getThreadName().contains(pool)
                || event.getMDCPropertyMap().values().stream().anyMatch(value -> value.contains(pool));
        if (ours) {
            warnings.add(WarningDesk.text(event));
        }
        return ours;
    }

    /** Expects warnings that contain a text. */
    public void expect(String part) {
        expected.add(part);
    }

    /** Returns the warnings that nothing expected. */
    public List<String> unexpected() {
        return warnings.stream()
                .filter(warning -> expected.stream().noneMatch(warning::contains))
                .toList();
    }

    /** Ends listening. */
    @Override
    public void close() {
        WarningDesk.close(this);
    }
}
