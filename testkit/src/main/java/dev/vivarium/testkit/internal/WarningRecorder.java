package dev.vivarium.testkit.internal;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.LoggerFactory;

/**
 * Keeps the warnings and errors that bear a pool's name: in the MDC, in the actor system's name, in the logger's, or in the
 * text. Thread-safe.
 */
public final class WarningRecorder extends AppenderBase<ILoggingEvent> {

    private final String pool;
    private final Queue<String> warnings = new ConcurrentLinkedQueue<>();
    private final Queue<String> expected = new ConcurrentLinkedQueue<>();

    /** Creates a recorder and begins to listen. */
    public WarningRecorder(String pool) {
        this.pool = pool;
        setName("testkit-" + pool);
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        setContext(context);
        start();
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).addAppender(this);
    }

    @Override
    protected void append(ILoggingEvent event) {
        if (event.getLevel().isGreaterOrEqual(Level.WARN) && concerns(event)) {
            warnings.add(event.getLevel() + " " + event.getLoggerName() + ": " + event.getFormattedMessage());
        }
    }

    private boolean concerns(ILoggingEvent event) {
        return event.getFormattedMessage().contains(pool)
                || event.getLoggerName().contains(pool)
                || event.getThreadName().contains(pool)
                || event.getMDCPropertyMap().values().stream().anyMatch(value -> value.contains(pool));
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
    public void close() {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        var unused = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).detachAppender(this);
        stop();
    }
}
