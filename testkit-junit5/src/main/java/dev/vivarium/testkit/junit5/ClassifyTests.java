package dev.vivarium.testkit.junit5;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
        ObjectMapper json = new ObjectMapper();
        ArrayNode tests = json.createArrayNode();
        for (TestClassification test : found) {
            ObjectNode node = tests.addObject();
            node.put("test", test.test());
            node.put("name", test.name());
            node.put("kind", test.kind().word());
            node.put("failure", test.failure());
            ArrayNode runs = node.putArray("runs");
            test.runs().forEach(run -> runs.addObject().put("seed", run.seed()).put("failed", run.failed()));
        }
        try {
            if (file.toAbsolutePath().getParent() != null) {
                Files.createDirectories(file.toAbsolutePath().getParent());
            }
            json.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), tests);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }
}
