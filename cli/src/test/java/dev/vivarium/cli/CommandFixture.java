package dev.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.testkit.junit5.CommandAudit;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs the command as its users do: a process with arguments, files, output and an exit status. */
abstract class CommandFixture {

    static final String HANDLERS = """
            def double(x, **rest): return 2 * int(x)
            def shout(text): return text.upper()
            def sum_up(user, n, ctx):
                ctx.session["sum"] = ctx.session.get("sum", 0) + int(n)
                return ctx.session["sum"]
            def fail_on(x): return 10 // x
            def busy(n):
                total = 0
                for i in range(n): total += i * i
                return total
            """;

    /** The interpreter itself: a python3 on the path may be a script that a signal would hit in place of the command. */
    private static final String PYTHON = realPython();

    /** Nothing may be left of a command, in whichever way it ended. */
    @RegisterExtension
    final CommandAudit audit = new CommandAudit();

    @TempDir
    Path folder;

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

    final Path file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }

    final Process start(String... arguments) throws IOException {
        return start(command(arguments));
    }

    final Process start(ProcessBuilder command) throws IOException {
        Process process = command.start();
        started.add(process);
        return process;
    }

    /** Returns the command in the test's folder, for changes to its surroundings before it is started. */
    final ProcessBuilder command(String... arguments) {
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
                "-Djava.io.tmpdir=" + audit.folder(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:+IgnoreUnrecognizedVMOptions",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName());
        Collections.addAll(command, arguments);
        return audit.mark(new ProcessBuilder(command).directory(folder.toFile()));
    }

    /** The commands of a test that failed half way; what is theirs must end with them. */
    @AfterEach
    void endTheCommands() {
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

    final Result run(String... arguments) throws Exception {
        return finish(command(arguments));
    }

    final Result finish(ProcessBuilder command) throws Exception {
        Process process = start(command);
        process.getOutputStream().close();
        CompletableFuture<String> out = text(process.getInputStream());
        CompletableFuture<String> err = text(process.getErrorStream());
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), out.get(), err.get());
    }

    final Result handlers(String call, String... more) throws Exception {
        file("handlers.py", HANDLERS);
        List<String> arguments =
                new ArrayList<>(List.of("run", "--handlers", "handlers.py", "--call", call, "--workers", "2"));
        Collections.addAll(arguments, more);
        return run(arguments.toArray(String[]::new));
    }

    static void isRefused(Result result, int status, String... sentences) {
        assertThat(result.status()).as(result.err()).isEqualTo(status);
        assertThat(result.err()).startsWith("vivarium: ").contains(sentences).doesNotContain("\tat ");
        assertThat(result.out()).isEmpty();
    }

    static void interrupt(Process process) throws Exception {
        assertThat(new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    static void awaitLine(BufferedReader reader, String part) throws IOException {
        List<String> seen = new ArrayList<>();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            seen.add(line);
            if (line.contains(part)) {
                return;
            }
        }
        throw new AssertionError("no line has '" + part + "' in:\n" + String.join("\n", seen));
    }
}
