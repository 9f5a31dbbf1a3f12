package dev.vivarium.testkit.internal;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.vivarium.testkit.StrayWarnings;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hears every warning and error of this JVM and gives it to the pools that it belongs to, or to those who gather the rest. */
public final class WarningDesk extends AppenderBase<ILoggingEvent> {

    private static final Set<WarningRecorder> POOLS = ConcurrentHashMap.newKeySet();
    private static final Set<StrayWarnings> REST = ConcurrentHashMap.newKeySet();
    private static final WarningDesk DESK = new WarningDesk();

    private WarningDesk() {
        setName("testkit-warnings");
    }

    static void open(WarningRecorder pool) {
        listen();
        POOLS.add(pool);
    }

    static void close(WarningRecorder pool) {
        POOLS.remove(pool);
    }

    /** Has what belongs to no pool told from now on. */
    public static void open(StrayWarnings rest) {
        listen();
        REST.add(rest);
    }

    /** Ends that. */
    public static void close(StrayWarnings rest) {
        REST.remove(rest);
    }

    /** While a thread begins to use SLF4J, it holds this lock, and others are given substitutes. */
    @SuppressWarnings("LockOnNonEnclosingClassLiteral") // It is SLF4J's own lock that is wanted.
    private static LoggerContext logback() {
        synchronized (LoggerFactory.class) {
            return (LoggerContext) LoggerFactory.getILoggerFactory();
        }
    }

    /** Listens, also after Logback was configured anew. */
    private static synchronized void listen() {
        LoggerContext context = logback();
        ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        if (!root.isAttached(DESK)) {
            DESK.setContext(context);
            DESK.start();
            root.addAppender(DESK);
        }
    }

    /**
     * Makes sure that warnings of the pools can be heard at all: whoever expects none is not to find none for that.
     *
     * @throws IllegalStateException when a logger has them left out, or does not pass them on
     */
    public static void requireAudible(Collection<String> loggers) {
        LoggerContext context = logback();
        for (String name : loggers) {
            ch.qos.logback.classic.Logger logger = context.getLogger(name);
            if (!logger.isWarnEnabled() || !logger.isAdditive()) {
                throw new IllegalStateException("unexpected warnings would go unnoticed: logger " + name
                        + (logger.isAdditive()
                                ? " has level " + logger.getEffectiveLevel() + ", and WARN is needed"
                                : " is not additive"));
            }
        }
    }

    static String text(ILoggingEvent event) {
        return event.getLevel() + " " + event.getLoggerName() + ": " + event.getFormattedMessage();
    }

    @Override
    protected void append(ILoggingEvent event) {
        if (!event.getLevel().isGreaterOrEqual(Level.WARN)) {
            return;
        }
        boolean claimed = false;
        for (WarningRecorder pool : POOLS) {
            claimed |= pool.claims(event);
        }
        if (!claimed) {
            String system = event.getMDCPropertyMap().get("sourceActorSystem");
            REST.forEach(rest ->
                    rest.add(event.getLoggerName(), system, text(event) + " [thread " + event.getThreadName() + "]"));
        }
    }
}
