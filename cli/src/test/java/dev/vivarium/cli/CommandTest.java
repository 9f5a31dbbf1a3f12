package dev.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What runs do, what is refused, and what the doctor finds. */
class CommandTest extends CommandFixture {

    @Nested
    class ARun {

        @Test
        void writesALineForEachInputInOrder() throws Exception {
            file(
                    "in.jsonl",
                    IntStream.range(0, 300)
                            .mapToObj(i -> "{\"x\": " + i + "}\n")
                            .collect(Collectors.joining()));

            Result result = handlers("double", "--input", "in.jsonl", "--summary", "summary.json");

            assertThat(result.status()).as(result.err()).isZero();
            assertThat(result.out().lines())
                    .containsExactlyElementsOf(IntStream.range(0, 300)
                            .mapToObj(i -> "{\"result\": " + 2 * i + "}")
                            .toList());
            JsonNode summary =
                    new ObjectMapper().readTree(folder.resolve("summary.json").toFile());
            assertThat(summary.fieldNames())
                    .toIterable()
                    .containsExactly(
                            "calls",
                            "ok",
                            "failed",
                            "retried",
                            "restarts",
                            "killed_in_call",
                            "lost",
                            "wall_s",
                            "calls_per_s",
                            "latency_ms");
            assertThat(summary.get("latency_ms").fieldNames()).toIterable().containsExactly("p50", "p90", "p99", "max");
            assertThat(summary.get("calls").asInt()).isEqualTo(300);
            assertThat(summary.get("lost").asInt()).isZero();
        }

        @Test
        void readsCsvAndLines() throws Exception {
            file("in.csv", "x,y\n4,a\n5,b\n");
            file("in.txt", "one\ntwo\n");

            assertThat(handlers("double", "--input", "in.csv").out()).isEqualTo("{\"result\": 8}\n{\"result\": 10}\n");
            assertThat(handlers("shout", "--input", "in.txt").out())
                    .isEqualTo("{\"result\": \"ONE\"}\n{\"result\": \"TWO\"}\n");
        }

        @Test
        void groupsInputsIntoSessionsByAField() throws Exception {
            file("in.jsonl", """
                    {"user": "a", "n": 1}
                    {"user": 7, "n": 5}
                    {"n": 3}
                    {"user": "a", "n": 10}
                    {"user": 7, "n": 50}
                    """);
            file("in.csv", "user,n\na,1\nb,2\na,3\n");

            Result json = handlers("sum_up", "--input", "in.jsonl", "--session-by", "user");
            Result csv = handlers("sum_up", "--input", "in.csv", "--session-by", "user");

            List<String> lines = json.out().lines().toList();
            assertThat(lines.get(2)).contains("which names its session");
            assertThat(lines.stream().filter(line -> line.startsWith("{\"result\"")))
                    .containsExactly("{\"result\": 1}", "{\"result\": 5}", "{\"result\": 11}", "{\"result\": 55}");
            assertThat(csv.out()).isEqualTo("{\"result\": 1}\n{\"result\": 2}\n{\"result\": 4}\n");
            assertThat(handlers("sum_up", "--format", "lines", "--session-by", "user")
                            .status())
                    .isEqualTo(64);
        }

        @Test
        void goesOnAfterErrorsAndSaysSo() throws Exception {
            file("in.jsonl", "{\"x\": 5}\nnot json\n{\"x\": 0}\n{\"x\": 2}\n");

            Result result = handlers("fail_on", "--input", "in.jsonl");

            assertThat(result.status()).isEqualTo(2);
            List<String> lines = result.out().lines().toList();
            assertThat(lines).hasSize(4);
            assertThat(lines.get(0)).isEqualTo("{\"result\": 2}");
            JsonNode malformed = new ObjectMapper().readTree(lines.get(1)).get("error");
            assertThat(malformed.get("type").asText()).isEqualTo("MalformedInput");
            assertThat(malformed.get("message").asText()).startsWith("line 2: ");
            JsonNode raised = new ObjectMapper().readTree(lines.get(2)).get("error");
            assertThat(raised.get("type").asText()).isEqualTo("ZeroDivisionError");
            assertThat(raised.get("category").asText()).isEqualTo("PYTHON");
            assertThat(raised.get("execution").asText()).isEqualTo("RAN");
            assertThat(raised.get("traceback").asText()).contains("return 10 // x");
            assertThat(lines.get(3)).isEqualTo("{\"result\": 5}");
        }

        @Test
        void givesTheSameOutputWhileWorkersAreKilled() throws Exception {
            file(
                    "in.jsonl",
                    IntStream.range(0, 60)
                            .mapToObj(i -> "{\"n\": " + (200_000 + i) + "}\n")
                            .collect(Collectors.joining()));

            Result calm = handlers("busy", "--input", "in.jsonl");
            Result storm = handlers(
                    "busy",
                    "--input",
                    "in.jsonl",
                    "--retry-safe",
                    "--kill-every",
                    "50ms",
                    "--seed",
                    "7",
                    "--summary",
                    "s.json");

            assertThat(storm.status()).as(storm.err()).isZero();
            assertThat(storm.out()).isEqualTo(calm.out());
            JsonNode summary =
                    new ObjectMapper().readTree(folder.resolve("s.json").toFile());
            assertThat(summary.get("killed_in_call").asInt()).isPositive();
            assertThat(summary.get("retried").asInt())
                    .isGreaterThanOrEqualTo(summary.get("killed_in_call").asInt());
            assertThat(summary.get("lost").asInt()).isZero();
        }
    }

    @Nested
    class ALineThatTheWorkerRefuses {

        @Test
        void isNamedLikeOneThatIsRefusedBefore() throws Exception {
            file("in.jsonl", "{\"x\": 5}\n{\"x\": 1" + "0".repeat(5000) + "}\n{\"y\": 1}\n{\"x\": 2}\n");

            Result result = handlers("fail_on", "--input", "in.jsonl");

            assertThat(result.status()).isEqualTo(2);
            List<String> lines = result.out().lines().toList();
            assertThat(lines).hasSize(4);
            JsonNode misfit = new ObjectMapper().readTree(lines.get(2)).get("error");
            assertThat(misfit.get("type").asText()).isEqualTo("CallRejected");
            assertThat(misfit.get("message").asText()).startsWith("line 3: ");
            assertThat(misfit.get("line").asInt()).isEqualTo(3);
        }
    }

    @Nested
    class WrongUsage {

        @Test
        void isNamed() throws Exception {
            file("handlers.py", HANDLERS);
            isRefused(run(), 64, "a command is needed");
            isRefused(run("run", "--handlers", "x.py", "--call", "f", "--frobnicate"), 64, "--frobnicate");
            isRefused(run("run", "--handlers", "missing.py", "--call", "f"), 64, "missing.py does not exist");
            isRefused(
                    handlers("double", "--input", "missing.jsonl"), 64, "missing.jsonl does not exist", "handlers.py");
            isRefused(handlers("double", "--output", "no/such/folder"), 64, "cannot be written");
            isRefused(
                    run("run", "--handlers", "handlers.py", "--call", "f", "--workers", "0"),
                    64,
                    "workers must be 1 to 1024, got 0");
            isRefused(handlers("double", "--timeout", "5"), 64, "300ms");
            isRefused(handlers("double", "--seed", "1"), 64, "--kill-every");
            isRefused(handlers("double", "--kill-every", "999999999999h"), 64, "--kill-every", "at most 720h");
        }

        @Test
        void ofAnUnknownHandlerListsThoseThereAre() throws Exception {
            isRefused(handlers("dubble"), 64, "no handler named 'dubble'", "double(x, **rest)");
        }

        @Test
        void ofHandlersThatDoNotLoadShowsWhy() throws Exception {
            file("broken.py", "import surely_not_there\n");

            isRefused(run("run", "--handlers", "broken.py", "--call", "f"), 64, "surely_not_there", "line 1");
        }

        @Test
        void ofAnInterpreterThatIsNoneSaysWhatToDo() throws Exception {
            isRefused(
                    handlers("double", "--python", "/surely/not/python"),
                    69,
                    "/surely/not/python",
                    "install Python 3.9");
        }

        @Test
        void ofAnInterpreterThatIsAScriptAroundOneSaysWhatToDo() throws Exception {
            script("waits", "sleep 100");
            script("wraps", "echo noise; python3 \"$@\"");

            isRefused(handlers("double", "--python", "./wraps"), 69, "--python: ./wraps", "exec python3");
            isRefused(handlers("double", "--python", "./waits"), 69, "--python: ./waits", "-I -S -c", "by hand");
            Result doctor = run("doctor", "--python", "./wraps");
            assertThat(doctor.status()).isEqualTo(69);
            assertThat(doctor.out()).contains("fail  interpreter", "exec python3");
        }

        private void script(String name, String text) throws Exception {
            Files.setPosixFilePermissions(
                    file(name, "#!/bin/sh\n" + text + "\n"), PosixFilePermissions.fromString("rwx------"));
        }

        @Test
        void ofAHeaderThatNamesAColumnTwiceRunsNoRowAndLeavesTheOutput() throws Exception {
            file("in.csv", "x,y,x\n1,2,3\n");
            file("out.jsonl", "precious\n");

            isRefused(
                    handlers("double", "--input", "in.csv", "--output", "out.jsonl"),
                    64,
                    "--input: in.csv, line 1",
                    "the column 'x' twice");
            assertThat(folder.resolve("out.jsonl")).hasContent("precious\n");
        }
    }

    @Nested
    class TheDoctor {

        @Test
        void findsThisMachineWell() throws Exception {
            Result result = run("doctor", "--json");

            assertThat(result.status()).as(result.out()).isZero();
            assertThat(new ObjectMapper().readTree(result.out())).anySatisfy(row -> {
                assertThat(row.get("check").asText()).isEqualTo("worker");
                assertThat(row.get("verdict").asText()).isEqualTo("ok");
            });
        }

        @Test
        void saysHowToMendWhatFails() throws Exception {
            file("broken.py", "import surely_not_there\n");

            Result noPython = run("doctor", "--python", "/surely/not/python");
            Result broken =
                    run("doctor", "--handlers", folder.resolve("broken.py").toString());

            assertThat(noPython.status()).isEqualTo(69);
            assertThat(noPython.out()).contains("fail  interpreter").contains("-> install Python 3.9");
            assertThat(broken.status()).isEqualTo(69);
            assertThat(broken.out())
                    .contains("fail  handlers")
                    .contains("surely_not_there")
                    .contains("-> mend");
        }

        @Test
        void doesNotTakeJustAnyProgramForAnInterpreter() throws Exception {
            for (String program : List.of("true", "echo")) {
                Result result = run("doctor", "--python", program);

                assertThat(result.status()).as(result.out()).isEqualTo(69);
                assertThat(result.out())
                        .contains("fail  interpreter", program + " is no Python", "-> install Python 3.9")
                        .doesNotContain("ok    interpreter", "orphan protection", "open files");
            }
        }

        @Test
        void saysSoWhenThereIsNoPlaceForTemporaryFiles() throws Exception {
            ProcessBuilder command = command("doctor");
            command.command()
                    .replaceAll(word -> word.startsWith("-Djava.io.tmpdir=")
                            ? "-Djava.io.tmpdir=" + folder.resolve("nowhere")
                            : word);

            Result result = finish(command);

            assertThat(result.status()).as(result.err()).isEqualTo(69);
            assertThat(result.out()).contains("fail  runtime directory", "nowhere", "-> make it writable");
        }
    }
}
