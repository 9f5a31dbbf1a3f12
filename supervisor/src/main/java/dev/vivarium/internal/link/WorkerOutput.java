package dev.vivarium.internal.link;

import dev.vivarium.OutputHandling;
import dev.vivarium.PoolConfig;
import dev.vivarium.internal.channel.Acceptor;
import dev.vivarium.internal.channel.LineRate;
import dev.vivarium.internal.channel.OutputCapture;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.message.LogBody;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.slf4j.event.Level;

/**
 * What one process says, as log lines with worker, incarnation and call in the MDC; at most so many a second, be they printed
 * or logged. On the input and output thread.
 */
public final class WorkerOutput {

    private static final String LOGGERS = "dev.vivarium.worker.";
    private static final String LOGGER = "logger";

    private final PoolContext context;
    private final String worker;
    private final int incarnation;
    private final LongSupplier runningCall;
    private final PoolConfig.Output limits;
    // One for all records: logging libraries keep every logger for ever, and Python code may make up names without end.
    private final Logger records;
    private final LineRate rate;
    private long droppedByPython;

    /**
     * Creates the output.
     *
     * @param worker what the lines are said to come from
     * @param runningCall the call that the process runs, 0 for none
     */
    public WorkerOutput(PoolContext context, String worker, int incarnation, LongSupplier runningCall) {
        this.context = context;
        this.worker = worker;
        this.incarnation = incarnation;
        this.runningCall = runningCall;
        this.limits = context.config().output();
        this.records = logger("logging");
        this.rate = new LineRate(limits.maxLinesPerSecond(), context.clock()::nanoTime, this::tellDropped);
    }

    private Logger logger(String source) {
        return LoggerFactory.getLogger(LOGGERS + context.config().name() + "." + source);
    }

    /** Returns what takes the bytes of standard output, or of standard error. */
    public Sink sink(boolean errors) {
        return new Sink(errors);
    }

    /** Passes a log record on. */
    void log(LogBody body, long callId) {
        context.stats().countDroppedLogLines(body.dropped());
        droppedByPython += body.dropped(); // Told by the next record that passes, which need not be this one.
        Level level = switch (body.level()) {
            case "CRITICAL", "ERROR" -> Level.ERROR;
            case "WARNING" -> Level.WARN;
            case "INFO" -> Level.INFO;
            default -> Level.DEBUG;
        };
        if (!records.isEnabledForLevel(level) || !passes()) {
            return;
        }
        StringBuilder text = new StringBuilder(body.logger()).append(": ").append(body.message());
        if (!body.exception().isEmpty()) {
            text.append('\n').append(body.exception());
        }
        if (droppedByPython > 0) {
            text.append(" [").append(droppedByPython).append(" earlier records were dropped]");
            droppedByPython = 0;
        }
        withMdc(callId, () -> {
            MDC.put(LOGGER, body.logger());
            records.atLevel(level).log("{}", text);
        });
    }

    /** Notes the end of the control channel. */
    void closed() {
        rate.tellDropped();
    }

    /** Returns whether one more line may be logged. One that nobody would see must not be asked for: it takes another's place. */
    private boolean passes() {
        if (rate.passes()) {
            return true;
        }
        context.stats().countDroppedLogLines(1);
        return false;
    }

    private void tellDropped(long lines) {
        withMdc(
                0,
                () -> records.warn(
                        "{} lines were dropped: maxLinesPerSecond is {}", lines, limits.maxLinesPerSecond()));
    }

    private void withMdc(long callId, Runnable logging) {
        MDC.put("worker", worker);
        MDC.put("incarnation", Integer.toString(incarnation));
        if (callId != 0) {
            MDC.put("call", Long.toString(callId));
        }
        try {
            logging.run();
        } finally {
            MDC.remove("worker");
            MDC.remove("incarnation");
            MDC.remove("call");
            MDC.remove(LOGGER);
        }
    }

    /** What the process writes to one of its standard streams. */
    public final class Sink implements Acceptor.Bytes {
        private final Logger logger;
        private final Level level;
        private final OutputCapture capture;

        private Sink(boolean errors) {
            this.logger = logger(errors ? "stderr" : "stdout");
            this.level = errors ? Level.WARN : Level.INFO;
            this.capture =
                    new OutputCapture(limits.maxLineBytes(), errors ? limits.tailLines() : 0, this::isTold, this::line);
        }

        private boolean isTold() {
            return limits.handling() == OutputHandling.LOG && logger.isEnabledForLevel(level) && passes();
        }

        private void line(String line) {
            withMdc(runningCall.getAsLong(), () -> logger.atLevel(level).log("{}", line));
        }

        @Override
        public void bytes(ByteBuffer bytes) {
            capture.feed(bytes);
        }

        @Override
        public void closed() {
            capture.end();
            rate.tellDropped();
        }

        /** Returns the last lines, oldest first. */
        List<String> lastLines() {
            return capture.lastLines();
        }
    }
}
