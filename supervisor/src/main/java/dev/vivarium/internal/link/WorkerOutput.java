package dev.vivarium.internal.link;

import dev.vivarium.OutputHandling;
import dev.vivarium.PoolConfig;
import dev.vivarium.internal.channel.Acceptor;
import dev.vivarium.internal.channel.OutputCapture;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.message.LogBody;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** What one process says, as log lines with worker, incarnation and call in the MDC. On the input and output thread. */
final class WorkerOutput {

    private static final String LOGGERS = "dev.vivarium.worker.";
    private static final String LOGGER = "logger";

    private final PoolContext context;
    private final int slot;
    private final int incarnation;
    private final LongSupplier runningCall;
    // One for all records: logging libraries keep every logger for ever, and Python code may make up names without end.
    private final Logger records;

    /**
     * Creates the output.
     *
     * @param runningCall the call that the process runs, 0 for none
     */
    WorkerOutput(PoolContext context, int slot, int incarnation, LongSupplier runningCall) {
        this.context = context;
        this.slot = slot;
        this.incarnation = incarnation;
        this.runningCall = runningCall;
        this.records = logger("logging");
    }

    private Logger logger(String source) {
        return LoggerFactory.getLogger(LOGGERS + context.config().name() + "." + source);
    }

    /** Returns what takes the bytes of standard output, or of standard error. */
    Sink sink(boolean errors) {
        return new Sink(errors);
    }

    /** Passes a log record on. */
    void log(LogBody record, long callId) {
        String said = record.logger() + ": " + record.message();
        String text = record.exception().isEmpty() ? said : said + "\n" + record.exception();
        String message =
                record.dropped() > 0 ? text + " [" + record.dropped() + " earlier records were dropped]" : text;
        if (record.dropped() > 0) {
            context.stats().countDroppedLogLines(record.dropped());
        }
        withMdc(callId, () -> {
            MDC.put(LOGGER, record.logger());
            switch (record.level()) {
                case "CRITICAL", "ERROR" -> records.error("{}", message);
                case "WARNING" -> records.warn("{}", message);
                case "INFO" -> records.info("{}", message);
                default -> records.debug("{}", message);
            }
        });
    }

    private void withMdc(long callId, Runnable logging) {
        MDC.put("worker", context.worker(slot).toString());
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
    final class Sink implements Acceptor.Bytes {
        private final boolean errors;
        private final Logger logger;
        private final OutputCapture capture;

        private Sink(boolean errors) {
            this.errors = errors;
            this.logger = logger(errors ? "stderr" : "stdout");
            PoolConfig.Output output = context.config().output();
            this.capture = new OutputCapture(
                    output.maxLineBytes(),
                    output.maxLinesPerSecond(),
                    errors ? output.tailLines() : 0,
                    context.clock()::nanoTime,
                    this::line,
                    this::dropped);
        }

        private void line(String line) {
            if (context.config().output().handling() == OutputHandling.DISCARD) {
                return;
            }
            withMdc(runningCall.getAsLong(), () -> {
                if (errors) {
                    logger.warn("{}", line);
                } else {
                    logger.info("{}", line);
                }
            });
        }

        private void dropped(long lines) {
            context.stats().countDroppedLogLines(lines);
            withMdc(
                    0,
                    () -> logger.warn(
                            "{} lines of output were dropped: maxLinesPerSecond is {}",
                            lines,
                            context.config().output().maxLinesPerSecond()));
        }

        @Override
        public void bytes(ByteBuffer bytes) {
            capture.feed(bytes);
        }

        @Override
        public void closed() {
            capture.end();
        }

        /** Returns the last lines, oldest first. */
        List<String> lastLines() {
            return capture.lastLines();
        }
    }
}
