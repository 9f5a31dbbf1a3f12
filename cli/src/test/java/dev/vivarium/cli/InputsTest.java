package dev.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.vivarium.PythonCall;
import dev.vivarium.protocol.RawJson;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class InputsTest {

    private static List<String> read(Inputs.Format format, String text) throws IOException {
        return read(format, text.getBytes(StandardCharsets.UTF_8), 1 << 20);
    }

    private static List<String> read(Inputs.Format format, byte[] bytes, int maxLine) throws IOException {
        List<String> found = new ArrayList<>();
        try (Inputs inputs = Inputs.of(
                format,
                new LineReader(new ByteArrayInputStream(bytes), maxLine),
                PythonCall.to("f").returning(RawJson.class))) {
            InputRecord.Malformed unusable = inputs.begin();
            if (unusable != null) {
                return List.of(unusable.line() + " !! " + unusable.reason());
            }
            for (InputRecord record = inputs.next(); record != null; record = inputs.next()) {
                if (record instanceof InputRecord.Call call) {
                    PythonCall<RawJson> made = call.call();
                    found.add(record.line() + " " + made.positional() + " " + made.keywords()
                            + made.rawKeywords().map(RawJson::toString).orElse(""));
                } else if (record instanceof InputRecord.Malformed malformed) {
                    found.add(record.line() + " ! " + malformed.reason());
                }
            }
        }
        return found;
    }

    @Nested
    class Lines {

        @Test
        void areEachThePositionalArgument() throws IOException {
            assertThat(read(Inputs.Format.lines, "a\n\nü b\r\nlast"))
                    .containsExactly("1 [a] {}", "2 [] {}", "3 [ü b] {}", "4 [last] {}");
        }

        @Test
        void thatAreTooLongOrNotUtf8AreErrorsAndTheRestGoesOn() throws IOException {
            byte[] bytes = "ok\nfar too long\nx\n?\nend\n".getBytes(StandardCharsets.US_ASCII);
            bytes[bytes.length - 6] = (byte) 0xff;

            assertThat(read(Inputs.Format.lines, bytes, 5))
                    .containsExactly(
                            "1 [ok] {}",
                            "2 ! it is longer than 16777216 bytes",
                            "3 [x] {}",
                            "4 ! it is not valid UTF-8",
                            "5 [end] {}");
        }

        @Test
        void ofNothingAreNone() throws IOException {
            assertThat(read(Inputs.Format.lines, "")).isEmpty();
        }
    }

    @Nested
    class JsonLines {

        @Test
        void areKeywordArgumentsPassedOnAsTheyStand() throws IOException {
            assertThat(read(Inputs.Format.jsonl, "{\"a\": 1e400, \"b\": [NaN]}\n"))
                    .containsExactly("1 [] {}{\"a\": 1e400, \"b\": [NaN]}");
        }

        @Test
        void areWhatPythonReads() throws IOException {
            String name = "k".repeat(60_000);
            List<String> lines = List.of(
                    "{\"x\": [NaN, Infinity, -Infinity, 1E5, -0.0, 1.5e-400]}",
                    "{\"x\": \"\\ud83d\\ude00 \\\\ud800\"}",
                    "{\"" + name + "\": 1, \"\\uD83D\\uDE00\": 2}",
                    "{\"x\": " + "[".repeat(900) + "]".repeat(900) + "}",
                    "{\"x\": 1, \"x\": 2} \t");

            assertThat(read(Inputs.Format.jsonl, String.join("\n", lines)))
                    .containsExactlyElementsOf(IntStream.range(0, lines.size())
                            .mapToObj(i -> (i + 1) + " [] {}" + lines.get(i))
                            .toList());
        }

        @Test
        void thatOnlyOthersReadAreErrorsWithTheirNumbers() throws IOException {
            List<String> values = List.of(
                    "+Infinity",
                    "INF",
                    "-INF",
                    "+INF",
                    "-NaN",
                    "+NaN",
                    "nan",
                    "+1",
                    ".5",
                    "5.",
                    "01",
                    "'a'",
                    "\ufeff1");
            String lines =
                    values.stream().map(value -> "{\"x\": " + value + "}\n").collect(Collectors.joining());

            assertThat(read(Inputs.Format.jsonl, lines))
                    .hasSize(values.size())
                    .allSatisfy(line -> assertThat(line).contains(" ! it is not JSON: "));
            assertThat(read(Inputs.Format.jsonl, "{}\n\ufeff{}"))
                    .satisfiesExactly(
                            line -> assertThat(line).isEqualTo("1 [] {}{}"),
                            line -> assertThat(line).startsWith("2 ! "));
        }

        @Test
        void thatHoldLoneSurrogatesAreErrorsWithTheirNumbers() throws IOException {
            assertThat(
                            read(
                                    Inputs.Format.jsonl,
                                    "{\"x\": \"a\\ud800\"}\n{\"x\": [{}, \"\\uDC00\"]}\n{\"x\": [\"\\ud83d\\ud83d\\ude00\"]}\n"))
                    .containsExactly(
                            "1 ! a string holds the lone surrogate U+D800",
                            "2 ! a string holds the lone surrogate U+DC00",
                            "3 ! a string holds the lone surrogate U+D83D");
            assertThat(read(Inputs.Format.jsonl, "{\"\\ud800\": 1}\n{\"\\udc00\": 1}\n"))
                    .satisfiesExactly(
                            line -> assertThat(line).startsWith("1 ! "),
                            line -> assertThat(line).startsWith("2 ! "));
        }

        @Test
        void thatAreNoObjectsAreErrorsWithTheirNumbers() throws IOException {
            assertThat(read(Inputs.Format.jsonl, "[1]\n\n{\"a\":\n{} {}\n{}\n"))
                    .satisfiesExactly(
                            line -> assertThat(line).isEqualTo("1 ! it is not a JSON object"),
                            line -> assertThat(line).isEqualTo("2 ! it is empty; a JSON object is needed"),
                            line -> assertThat(line).startsWith("3 ! it is not JSON"),
                            line -> assertThat(line).isEqualTo("4 ! something follows the JSON object"),
                            line -> assertThat(line).isEqualTo("5 [] {}{}"));
        }
    }

    @Nested
    class Csv {

        @Test
        void rowsAreKeywordArguments() throws IOException {
            assertThat(read(Inputs.Format.csv, "a,b\n1,\"x, \"\"y\"\"\nz\"\n2,\n"))
                    .containsExactly("2 [] {a=1, b=x, \"y\"\nz}", "4 [] {a=2, b=}");
        }

        @Test
        void rowsThatDoNotFitTheHeaderAreErrors() throws IOException {
            assertThat(read(Inputs.Format.csv, "a,b\n1\n1,2,3\n1,2\n"))
                    .containsExactly(
                            "2 ! it has 1 fields, the header has 2",
                            "3 ! it has 3 fields, the header has 2",
                            "4 [] {a=1, b=2}");
        }

        @Test
        void aHeaderThatCannotBeUsedRefusesTheInput() throws IOException {
            assertThat(read(Inputs.Format.csv, "a,b,\"a\"\n1,2,3\n"))
                    .containsExactly("1 !! the header names the column 'a' twice");
            assertThat(read(Inputs.Format.csv, "a,\"b\n1,2\n"))
                    .containsExactly("1 !! the header: a quote that opens here is not closed");
            assertThat(read(Inputs.Format.csv, "")).isEmpty();
        }

        @Test
        void aLineEndWithinQuotesStaysAsItIs() throws IOException {
            assertThat(read(Inputs.Format.csv, "a,b\r\n\"x\r\ny\",2\r\n\"\r\n\n\r\r\n\",3\n"))
                    .containsExactly("2 [] {a=x\r\ny, b=2}", "4 [] {a=\r\n\n\r\r\n, b=3}");
        }

        @Test
        void aRowOfManyColumnsCostsNoMoreForEach() throws IOException {
            read(Inputs.Format.csv, wide(100));
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

            long before = threads.getCurrentThreadAllocatedBytes();
            read(Inputs.Format.csv, wide(1_000));
            long between = threads.getCurrentThreadAllocatedBytes();
            List<String> found = read(Inputs.Format.csv, wide(8_000));
            long after = threads.getCurrentThreadAllocatedBytes();

            assertThat(found).singleElement().asString().startsWith("2 [] {c0=0, c1=1, c2=2, ");
            assertThat(after - between).isLessThan(16 * (between - before));
        }

        private String wide(int columns) {
            return IntStream.range(0, columns).mapToObj(i -> "c" + i).collect(Collectors.joining(","))
                    + "\n"
                    + IntStream.range(0, columns).mapToObj(Integer::toString).collect(Collectors.joining(","))
                    + "\n";
        }

        @Test
        void aQuoteWithinAFieldThatDoesNotBeginWithOneIsData() throws IOException {
            assertThat(read(Inputs.Format.csv, "name,n\n5\" disk,1\n6\" disk,2\nplain \"x\",3\n"))
                    .containsExactly(
                            "2 [] {name=5\" disk, n=1}", "3 [] {name=6\" disk, n=2}", "4 [] {name=plain \"x\", n=3}");
        }

        @Test
        void somethingAfterAClosingQuoteIsAnErrorOfItsLineAlone() throws IOException {
            assertThat(read(Inputs.Format.csv, "a,b\n\"x\"y,1\n\"u\nv\" \"w\",2\n\"z\",3\r\n"))
                    .containsExactly(
                            "2 ! something follows a closing quote; a quote in a quoted field is written twice",
                            "4 ! something follows a closing quote; a quote in a quoted field is written twice",
                            "5 [] {a=z, b=3}");
        }

        @Test
        void aQuoteThatIsNeverClosedIsAnErrorOfTheLineWhereItOpens() throws IOException {
            assertThat(read(Inputs.Format.csv, "a\n\"x\n"))
                    .containsExactly("2 ! a quote that opens here is not closed");
            assertThat(read(Inputs.Format.csv, "a,b\n1,2\n\"x\ny\",\"z\n\nlast"))
                    .containsExactly("2 [] {a=1, b=2}", "4 ! a quote that opens here is not closed");
        }

        @Test
        void rowsThatAreTooLongOrNotUtf8AreErrorsAndTheRestGoesOn() throws IOException {
            byte[] bytes = "a\n\"?\nx\"\n0123456789\nend\n".getBytes(StandardCharsets.US_ASCII);
            bytes[3] = (byte) 0xff;

            assertThat(read(Inputs.Format.csv, bytes, 5))
                    .containsExactly(
                            "2 ! it is not valid UTF-8", "4 ! it is longer than 16777216 bytes", "5 [] {a=end}");
        }

        @Test
        void aRowOfManyLinesIsBoundedToo() throws IOException {
            String line = "x".repeat(1023) + "\n";

            List<String> found = read(Inputs.Format.csv, "a\n\"" + line.repeat(17 * 1024));

            assertThat(found.get(0)).isEqualTo("2 ! it is longer than 16777216 bytes; a quote opens on line 2");
        }

        @Test
        void emptyFieldsAreEmptyTexts() throws IOException {
            assertThat(read(Inputs.Format.csv, "a,b,c\n,\"\",\n\"\"\"\",\"\n\",x\n"))
                    .containsExactly("2 [] {a=, b=, c=}", "3 [] {a=\", b=\n, c=x}");
        }
    }

    @Nested
    class AByteOrderMark {

        @Test
        void isDroppedAtTheBeginningAndOnlyThere() throws IOException {
            assertThat(read(Inputs.Format.lines, "\ufeffa\n\ufeffb\n")).containsExactly("1 [a] {}", "2 [\ufeffb] {}");
            assertThat(read(Inputs.Format.jsonl, "\ufeff{}\n")).containsExactly("1 [] {}{}");
            assertThat(read(Inputs.Format.csv, "\ufeffa\n1\n")).containsExactly("2 [] {a=1}");
            assertThat(read(Inputs.Format.csv, "\ufeff\"a\"\n1\n")).containsExactly("2 [] {a=1}");
        }

        @Test
        void aloneIsNoLine() throws IOException {
            assertThat(read(Inputs.Format.lines, "\ufeff")).isEmpty();
        }

        @Test
        void isNotWaitedForWhenALineIsThere() throws IOException {
            byte[] first = "a\n".getBytes(StandardCharsets.UTF_8);
            InputStream slow = new ByteArrayInputStream(first) {
                @Override
                public synchronized int read(byte[] into, int offset, int length) {
                    if (available() == 0) {
                        throw new AssertionError("read on although a line is there");
                    }
                    return super.read(into, offset, length);
                }
            };

            assertThat(new LineReader(slow, 10).next().bytes()).isEqualTo("a".getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void durationsHaveUnits() {
        Durations durations = new Durations();

        assertThat(durations.convert("300ms")).isEqualTo(Duration.ofMillis(300));
        assertThat(durations.convert("1.5s")).isEqualTo(Duration.ofMillis(1500));
        assertThat(durations.convert("2h")).isEqualTo(Duration.ofHours(2));
        assertThat(Durations.forPeople("not within PT10S, PT1M0.25S; PTA stays"))
                .isEqualTo("not within 10 s, 60.25 s; PTA stays");
        assertThatThrownBy(() -> durations.convert("5"))
                .isInstanceOf(CommandLine.TypeConversionException.class)
                .hasMessageContaining("300ms");
        assertThatThrownBy(() -> durations.convert("721h")).hasMessageContaining("at most 720h");
        assertThatThrownBy(() -> durations.convert("0ms")).hasMessageContaining("at least 1ms");
    }
}
