package dev.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command as its users meet it: a process with arguments, files, output and an exit status. */
class CommandTest {

    private static final String HANDLERS = """
            def double(x, **rest): return 2 * int(x)
            def shout(text): return text.upper()
            def fail_on(x): return 10 // x
            def busy(n):
                total = 0
                for i in range(n): total += i * i
                return total
            """;

    /** The interpreter itself: a python3 on the path may be a script that a signal would hit in place of the command. */
    private static final String PYTHON = realPython();

    @TempDir
    private Path folder;

    private final List<Process> started = new ArrayList<>();

    private static String realPython() {
        try {
            return new ProcessBuilder("python3", "-c", "import sys; print(sys.executable)")
                    .start()
                    .inputReader()
                    .readLine();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    record Result(int status, String out, String err) {}

    private Path file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }

    private Process start(String... arguments) throws IOException {
        // A background job has SIGINT ignored, and a JVM leaves it so; as a user's foreground job it must be at its
        // default.
        List<String> command = new ArrayList<>(List.of(
                PYTHON,
                "-c",
                """
                import os, signal, sys
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                os.execv(sys.argv[1], sys.argv[1:])
                """,
                Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        // What the command covers counts like what the tests cover themselves.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("-javaagent:"))
                .forEach(command::add);
        Collections.addAll(
                command,
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:+IgnoreUnrecognizedVMOptions",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName());
        Collections.addAll(command, arguments);
        Process process = new ProcessBuilder(command).directory(folder.toFile()).start();
        started.add(process);
        return process;
    }

    @AfterEach
    void nothingIsLeftRunning() {
        started.forEach(Process::destroyForcibly);
    }

    private static CompletableFuture<String> text(java.io.InputStream in) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                return e.toString();
            }
        });
    }

    private Result run(String... arguments) throws Exception {
        Process process = start(arguments);
        process.getOutputStream().close();
        CompletableFuture<String> out = text(process.getInputStream());
        CompletableFuture<String> err = text(process.getErrorStream());
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), out.get(), err.get());
    }

    private Result handlers(String call, String... more) throws Exception {
        file("handlers.py", HANDLERS);
        List<String> arguments =
                new ArrayList<>(List.of("run", "--handlers", "handlers.py", "--call", call, "--workers", "2"));
        Collections.addAll(arguments, more);
        return run(arguments.toArray(String[]::new));
    }

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
    class WrongUsage {

        private void isRefused(Result result, int status, String... sentences) {
            assertThat(result.status()).as(result.err()).isEqualTo(status);
            assertThat(result.err())
                    .startsWith("vivarium: ")
                    .contains(sentences)
                    .doesNotContain("\tat ");
            assertThat(result.out()).isEmpty();
        }

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
    }

    @Nested
    class AnInterrupt {

        /** A run whose handler answers the first call and holds the second until the file "go" is there. */
        private Process held() throws Exception {
            file("handlers.py", """
                    import os, threading
                    def held(text):
                        if text == "held":
                            print("in the handler", flush=True)
                            while not os.path.exists("go"):
                                threading.Event().wait(0.01)
                        return text.upper()
                    """);
            Process process =
                    start("run", "--handlers", "handlers.py", "--call", "held", "--format", "lines", "--workers", "1");
            // Standard input stays open: the run waits for more, and only the signal ends it.
            process.getOutputStream().write("first\nheld\n".getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
            return process;
        }

        private void interrupt(Process process) throws Exception {
            assertThat(new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                            .start()
                            .waitFor())
                    .isZero();
        }

        private void awaitLine(BufferedReader reader, String part) throws IOException {
            List<String> seen = new ArrayList<>();
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                seen.add(line);
                if (line.contains(part)) {
                    return;
                }
            }
            throw new AssertionError("no line has '" + part + "' in:\n" + String.join("\n", seen));
        }

        @Test
        void finishesWhatRunsAndWritesWholeLines() throws Exception {
            Process process = held();
            BufferedReader out = process.inputReader();
            BufferedReader err = process.errorReader();
            awaitLine(out, "{\"result\": \"FIRST\"}");
            awaitLine(err, "in the handler");

            interrupt(process);
            awaitLine(err, "vivarium: stopping");
            file("go", "");

            assertThat(out.lines()).containsExactly("{\"result\": \"HELD\"}");
            assertThat(process.waitFor()).isEqualTo(ExitCode.INTERRUPTED);
        }

        @Test
        void thatIsRepeatedLeavesAtOnceAndLeavesNoProcess() throws Exception {
            Process process = held();
            BufferedReader err = process.errorReader();
            awaitLine(err, "in the handler");
            List<ProcessHandle> children = process.descendants().toList();
            assertThat(children).hasSizeGreaterThanOrEqualTo(2);

            interrupt(process);
            awaitLine(err, "vivarium: stopping");
            interrupt(process);

            assertThat(process.waitFor()).isEqualTo(ExitCode.INTERRUPTED);
            assertThat(process.inputReader().lines()).containsExactly("{\"result\": \"FIRST\"}");
            for (ProcessHandle child : children) {
                child.onExit().get(20, TimeUnit.SECONDS);
            }
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
    }
}
