package dev.vivarium.testkit.junit5.internal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes down what the tests of a run did, a line of JSON for each, as they end: with its layer, which other reports leave
 * out, its time and, when it failed, its seed. JUnit finds it on the class path; it does nothing unless it is told a file.
 */
public final class TestJournal implements TestExecutionListener {

    /** The configuration parameter, or system property, with the file; lines are added to it. Default: none. */
    static final String FILE = "vivarium.testkit.journal";

    /** A longer text of a failure is cut off. */
    static final int FAILURE_LENGTH = 2_000;

    private static final Pattern LAYER = Pattern.compile("\\b(FAKE|SCRIPTED|PYTHON)\\b");

    private static final double NANOS_PER_MILLI = 1e6;

    /** Times are written with three places. */
    private static final double PLACES = 1e3;

    private final JsonFactory factory = new JsonFactory();
    private final Map<String, Long> startedAt = new ConcurrentHashMap<>();
    private final Map<String, String> seeds = new ConcurrentHashMap<>();
    private @Nullable Path file;

    /** Called by JUnit. */
    public TestJournal() {}

    @Override
    public synchronized void testPlanExecutionStarted(TestPlan plan) {
        file = plan.getConfigurationParameters()
                .get(FILE)
                .filter(name -> !name.isBlank())
                .map(Path::of)
                .orElse(null);
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        startedAt.put(test.getUniqueId(), System.nanoTime());
    }

    @Override
    public void reportingEntryPublished(TestIdentifier test, ReportEntry entry) {
        String seed = entry.getKeyValuePairs().get("vivarium.seed");
        if (seed != null) {
            seeds.put(test.getUniqueId(), seed);
        }
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        if (test.isTest()) {
            write(test, "skipped", 0, Optional.empty());
        }
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        Long started = startedAt.remove(test.getUniqueId());
        if (test.isTest() || result.getStatus() == Status.FAILED) {
            String status = switch (result.getStatus()) {
                case SUCCESSFUL -> "passed";
                case ABORTED -> "skipped";
                case FAILED -> "failed";
            };
            double millis = started == null ? 0 : (System.nanoTime() - started) / NANOS_PER_MILLI;
            write(test, status, millis, result.getThrowable());
        }
    }

    private synchronized void write(TestIdentifier test, String status, double millis, Optional<Throwable> failure) {
        Path target = file;
        if (target == null) {
            return;
        }
        String type = "";
        String method = "";
        if (test.getSource().orElse(null) instanceof MethodSource source) {
            type = source.getClassName();
            method = source.getMethodName();
        } else if (test.getSource().orElse(null) instanceof ClassSource source) {
            type = source.getClassName();
        }
        Matcher layer = LAYER.matcher(test.getDisplayName());
        String seed = seeds.remove(test.getUniqueId());
        String text = failure.map(Throwable::toString).orElse("");
        StringWriter line = new StringWriter();
        try (JsonGenerator json = factory.createGenerator(line)) {
            json.writeStartObject();
            json.writeStringField("class", type);
            json.writeStringField("method", method);
            json.writeStringField("name", test.getDisplayName());
            json.writeStringField("layer", layer.find() ? layer.group() : "");
            json.writeStringField("status", status);
            json.writeNumberField("ms", Math.round(millis * PLACES) / PLACES);
            json.writeStringField("seed", seed == null ? "" : seed);
            json.writeStringField("failure", text.length() > FAILURE_LENGTH ? text.substring(0, FAILURE_LENGTH) : text);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // There is no file yet that could fail.
        }
        try {
            Path folder = target.toAbsolutePath().getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            Files.write(
                    target,
                    (line + "\n").getBytes(StandardCharsets.UTF_8),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the journal of tests " + target, e);
        }
    }
}
