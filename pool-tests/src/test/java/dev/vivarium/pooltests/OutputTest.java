package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.LoggerFactory;

/** What workers print and log becomes lines of the JVM's log. Time stands still, so that a second is as long as the test wants. */
@VivariumTest(layers = Layer.PYTHON, workers = 1, time = VivariumTest.Time.VIRTUAL, handlers = Scripts.HANDLERS)
class OutputTest {

    /** Hears what a pool's workers say, in place of the console. */
    private static final class Heard extends AppenderBase<ILoggingEvent> implements AutoCloseable {

        private final Queue<ILoggingEvent> events = new ConcurrentLinkedQueue<>();
        private final LoggerContext logback = (LoggerContext) LoggerFactory.getILoggerFactory();
        private final String loggerName;
        private final Logger logger;

        Heard(TestPool kit) {
            loggerName = "dev.vivarium.worker." + kit.name();
            logger = logback.getLogger(loggerName);
            setContext(logback);
            start();
            logger.setLevel(Level.INFO);
            logger.setAdditive(false);
            logger.addAppender(this);
        }

        @Override
        protected void append(ILoggingEvent event) {
            event.prepareForDeferredProcessing(); // The MDC is this thread's.
            events.add(event);
        }

        List<ILoggingEvent> of(String source) {
            return events.stream()
                    .filter(event -> event.getLoggerName().equals(loggerName + "." + source))
                    .toList();
        }

        List<String> loggers() {
            return logback.getLoggerList().stream()
                    .map(Logger::getName)
                    .filter(any -> any.startsWith(loggerName + "."))
                    .map(any -> any.substring(loggerName.length() + 1))
                    .toList();
        }

        @Override
        public void close() {
            logger.detachAppender(this);
            logger.setAdditive(true);
            logger.setLevel(null);
        }
    }

    private static void tell(TestPool kit, int records, int lines) throws InterruptedException {
        kit.pool().call("tell", Void.class, records, lines).await();
    }

    @VivariumTest(options = "max-lines-per-second = 5")
    void isLimitedForRecordsAndLinesTogether(TestPool kit, TestTime time) throws Exception {
        try (Heard heard = new Heard(kit)) {
            tell(kit, 4, 4);
            kit.awaitThat(
                    "all 12 have come",
                    () -> heard.events.size() + kit.pool().snapshot().droppedLogLines() == 12);
            assertThat(heard.events).hasSize(5);

            time.advance(Duration.ofSeconds(1));
            tell(kit, 1, 0);
            kit.awaitThat("both are told", () -> heard.events.size() == 7);

            assertThat(heard.events.stream().skip(5))
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .containsExactly("7 lines were dropped: maxLinesPerSecond is 5", "made.up.0: record 0");
        }
    }

    @VivariumTest(options = {"max-lines-per-second = 5", "output = DISCARD"})
    void takesNoPlaceInTheLogWhenItIsDiscarded(TestPool kit) throws Exception {
        try (Heard heard = new Heard(kit)) {
            tell(kit, 0, 100);
            tell(kit, 5, 0);

            kit.awaitThat("told", () -> heard.of("logging").size() == 5);
            assertThat(kit.pool().snapshot().droppedLogLines()).isZero();
        }
    }

    @VivariumTest
    void hasOneLoggerForAllRecordsWhateverPythonCallsItsOwn(TestPool kit) throws Exception {
        try (Heard heard = new Heard(kit)) {
            tell(kit, 100, 1);

            kit.awaitThat("told", () -> heard.events.size() == 102);
            assertThat(heard.loggers()).containsOnly("logging", "stdout", "stderr");
            assertThat(heard.of("logging"))
                    .last()
                    .satisfies(event -> assertThat(event.getFormattedMessage()).isEqualTo("made.up.99: record 99"))
                    .satisfies(event -> assertThat(event.getMDCPropertyMap())
                            .containsEntry("logger", "made.up.99")
                            .containsEntry(
                                    "worker", kit.worker(1).snapshot().worker().toString())
                            .containsKeys("incarnation", "call"));
            assertThat(heard.of("stderr"))
                    .singleElement()
                    .satisfies(event -> assertThat(event.getMDCPropertyMap())
                            .containsKey("worker")
                            .doesNotContainKey("logger"));
        }
    }
}
