package dev.vivarium.testkit.junit5;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * The {@link FlakyTestClassifier} as a program, to be run with the class path of the tests:
 *
 * <pre>{@code
 * java -cp CLASSPATH dev.vivarium.testkit.junit5.ClassifyTests [--runs N] [--seed S] [--seed-property NAME]...
 *     [--failing-seeds FILE] [--json FILE] TEST...
 * }</pre>
 *
 * <p>Its status is 0 when no test failed, 1 when one did, whatever its kind, and 64 for wrong usage.
 */
public final class ClassifyTests {

    private static final String USAGE = "usage: ClassifyTests [--runs N] [--seed S] [--seed-property NAME]... "
            + "[--failing-seeds FILE] [--json FILE] TEST...\n"
            + "       TEST is a class such as com.acme.PriceTest, or a method such as com.acme.PriceTest#isRight";

    private static final int PASSED = 0;
    private static final int FAILED = 1;
    private static final int WRONG_USAGE = 64;

    private ClassifyTests() {}

    /** Classifies the tests that it is told, prints what they are, and ends the JVM with the status. */
    public static void main(String[] arguments) {
        int status = run(arguments, System.out, System.err);
        System.out.flush();
        System.exit(status); // Threads that tests have left must not keep it.
    }

    static int run(String[] arguments, PrintStream out, PrintStream err) {
        List<TestClassification> found;
        Path json = null;
        try {
            List<String> tests = new ArrayList<>();
            List<String> options = new ArrayList<>();
            for (Iterator<String> words = Arrays.asList(arguments).iterator(); words.hasNext(); ) {
                String word = words.next();
                (word.startsWith("--") ? options : tests).add(word);
                if (word.startsWith("--")) {
                    if (!words.hasNext()) {
                        throw new IllegalArgumentException(word + " needs a value");
                    }
                    options.add(words.next());
                }
            }
            FlakyTestClassifier classifier = FlakyTestClassifier.of(tests.toArray(String[]::new));
            for (int i = 0; i < options.size(); i += 2) {
                String value = options.get(i + 1);
                switch (options.get(i)) {
                    case "--runs" -> classifier = classifier.runs(Integer.parseInt(value));
                    case "--seed" -> classifier = classifier.seed(Long.parseLong(value));
                    case "--seed-property" -> classifier = classifier.seedProperty(value);
                    case "--failing-seeds" -> classifier = classifier.failingSeeds(Path.of(value));
                    case "--json" -> json = Path.of(value);
                    default -> throw new IllegalArgumentException("unknown option " + options.get(i));
                }
            }
            found = classifier.classify();
        } catch (NumberFormatException e) {
            err.println("not a number: " + e.getMessage() + "\n" + USAGE);
            return WRONG_USAGE;
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage() + "\n" + USAGE);
            return WRONG_USAGE;
        }
        found.forEach(test -> out.println(test.text()));
        if (json != null) {
            write(found, json);
        }
        return found.stream().allMatch(test -> test.kind() == TestFailureKind.PASSING) ? PASSED : FAILED;
    }

    private static void write(List<TestClassification> found, Path file) {
        try {
            Path folder = file.toAbsolutePath().getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            try (JsonGenerator json = new JsonFactory().createGenerator(file.toFile(), JsonEncoding.UTF8)) {
                json.useDefaultPrettyPrinter();
                json.writeStartArray();
                for (TestClassification test : found) {
                    write(test, json);
                }
                json.writeEndArray();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }

    private static void write(TestClassification test, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("test", test.test());
        json.writeStringField("name", test.name());
        json.writeStringField("kind", test.kind().word());
        json.writeStringField("failure", test.failure());
        json.writeArrayFieldStart("runs");
        for (TestClassification.Run run : test.runs()) {
            json.writeStartObject();
            json.writeNumberField("seed", run.seed());
            json.writeBooleanField("failed", run.failed());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}
