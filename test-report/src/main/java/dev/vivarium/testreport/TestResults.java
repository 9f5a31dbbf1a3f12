package dev.vivarium.testreport;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.testreport.TestResult.Status;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * The results of a build's tests: from the journals that the test kit writes, which have layers, and for classes that are in
 * none from Surefire's reports.
 *
 * @param tests the tests, by module
 * @param at when the newest of them was written
 * @param notes what could not be read
 */
record TestResults(List<TestResult> tests, Instant at, List<String> notes) {

    /** What the test kit is told to write, in each module. */
    static final String JOURNAL = "test-journal.jsonl";

    private static final Pattern SEED = Pattern.compile("seed[ =](-?\\d+)");

    private static final Pattern METHOD = Pattern.compile("^[\\p{L}_$][\\p{L}\\p{N}_$]*(?=[(\\[{])");

    private static final double MILLIS = 1_000;

    TestResults {
        tests = List.copyOf(tests);
        notes = List.copyOf(notes);
    }

    static TestResults read(Path root) {
        List<TestResult> tests = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        List<Path> read = new ArrayList<>();
        for (Path module : Modules.of(root)) {
            Path journal = module.resolve("target").resolve(JOURNAL);
            Set<String> written = new HashSet<>();
            Set<String> failed = new HashSet<>();
            if (Files.isRegularFile(journal)) {
                List<TestResult> found = journal(module, journal, notes);
                found.forEach(test -> written.add(test.topType()));
                found.stream().filter(TestResult::failed).forEach(test -> failed.add(test.test()));
                tests.addAll(found);
                read.add(journal);
            }
            for (Path report : Modules.files(module.resolve("target/surefire-reports"), TestResults::isReport)) {
                // A virtual machine that ends in the middle of a class leaves in the journal what was before.
                surefire(module, report, notes).stream()
                        .filter(test ->
                                !written.contains(test.topType()) || (test.failed() && !failed.contains(test.test())))
                        .forEach(tests::add);
                read.add(report);
            }
        }
        return new TestResults(
                tests,
                read.stream()
                        .map(TestResults::written)
                        .max(Comparator.naturalOrder())
                        .orElse(Instant.EPOCH),
                notes);
    }

    private static boolean isReport(Path file) {
        String name = file.getFileName().toString();
        return name.startsWith("TEST-") && name.endsWith(".xml");
    }

    static Instant written(Path file) {
        try {
            return Files.getLastModifiedTime(file).toInstant();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot look at " + file, e);
        }
    }

    private static List<TestResult> journal(Path module, Path file, List<String> notes) {
        ObjectMapper json = new ObjectMapper();
        List<TestResult> tests = new ArrayList<>();
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
        int number = 0;
        for (String line : lines) {
            number++;
            try {
                JsonNode test = json.readTree(line);
                tests.add(new TestResult(
                        Modules.name(module),
                        test.path("class").asText(),
                        test.path("method").asText(),
                        test.path("name").asText(),
                        test.path("layer").asText(),
                        Status.valueOf(test.path("status").asText().toUpperCase(Locale.ROOT)),
                        test.path("ms").asDouble() / MILLIS,
                        test.path("seed").asText(),
                        test.path("failure").asText()));
            } catch (JsonProcessingException | IllegalArgumentException e) {
                notes.add(file + ", line " + number + ", is no result of a test, and is left out");
            }
        }
        return tests;
    }

    private static List<TestResult> surefire(Path module, Path file, List<String> notes) {
        XMLInputFactory factory = XMLInputFactory.newFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        List<TestResult> tests = new ArrayList<>();
        try (InputStream in = Files.newInputStream(file)) {
            XMLStreamReader xml = factory.createXMLStreamReader(in);
            while (xml.hasNext()) {
                if (xml.next() == XMLStreamConstants.START_ELEMENT
                        && xml.getLocalName().equals("testcase")) {
                    tests.add(testCase(module, xml));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        } catch (XMLStreamException | NumberFormatException e) {
            notes.add(file + " is no whole report of Surefire's: what comes after the mistake is left out");
        }
        return tests;
    }

    private static TestResult testCase(Path module, XMLStreamReader xml) throws XMLStreamException {
        String name = attribute(xml, "name");
        String type = attribute(xml, "classname");
        double seconds = seconds(attribute(xml, "time"));
        Status status = Status.PASSED;
        String failure = "";
        String seed = "";
        while (true) {
            int event = xml.next();
            if (event == XMLStreamConstants.END_ELEMENT && xml.getLocalName().equals("testcase")) {
                break;
            }
            if (event != XMLStreamConstants.START_ELEMENT) {
                continue;
            }
            String what = xml.getLocalName();
            if (what.equals("skipped")) {
                status = Status.SKIPPED;
            } else if (what.equals("failure") || what.equals("error")) {
                status = Status.FAILED;
                failure = attribute(xml, "type") + ": " + attribute(xml, "message");
                Matcher found = SEED.matcher(xml.getElementText());
                seed = found.find() ? found.group(1) : "";
            }
        }
        Matcher named = METHOD.matcher(name);
        String method = named.find() ? named.group() : name;
        return new TestResult(Modules.name(module), type, method, name, "", status, seconds, seed, failure);
    }

    private static String attribute(XMLStreamReader xml, String name) {
        String value = xml.getAttributeValue(null, name);
        return value == null ? "" : value;
    }

    /** Surefire writes thousands with commas. */
    private static double seconds(String text) {
        return text.isEmpty() ? 0 : Double.parseDouble(text.replace(",", ""));
    }
}
