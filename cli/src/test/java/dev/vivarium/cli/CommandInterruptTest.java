package dev.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolConfigBuilder;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.protocol.RawJson;
import java.io.BufferedReader;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ctrl-C. */
class CommandInterruptTest extends CommandFixture {

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

    @Test
    void givesUpWhatHasNotStartedAndWritesWhatIsCompleteBeforeIt() throws Exception {
        file("handlers.py", """
                import os, threading
                def held(text):
                    with open("started", "a") as started:
                        print(text, file=started)
                    if text.startswith("held"):
                        print("in the handler", flush=True)
                        while not os.path.exists("go"):
                            threading.Event().wait(0.01)
                    return text
                """);
        file("in.txt", "held 1\na\nb\nheld 2\nc\nd\ne\n");
        Process process = start(
                "run",
                "--handlers",
                "handlers.py",
                "--call",
                "held",
                "--input",
                "in.txt",
                "--workers",
                "2",
                "--summary",
                "summary.json");
        BufferedReader err = process.errorReader();
        awaitLine(err, "in the handler");
        awaitLine(err, "in the handler");

        interrupt(process);
        awaitLine(err, "vivarium: stopping");
        file("go", "");

        assertThat(process.inputReader().lines())
                .containsExactly(
                        "{\"result\": \"held 1\"}",
                        "{\"result\": \"a\"}",
                        "{\"result\": \"b\"}",
                        "{\"result\": \"held 2\"}");
        assertThat(process.waitFor()).isEqualTo(ExitCode.INTERRUPTED);
        assertThat(Files.readAllLines(folder.resolve("started")))
                .containsExactlyInAnyOrder("held 1", "a", "b", "held 2");
        JsonNode summary =
                new ObjectMapper().readTree(folder.resolve("summary.json").toFile());
        assertThat(summary.get("calls").asInt()).isEqualTo(4);
        assertThat(summary.get("ok").asInt()).isEqualTo(4);
        assertThat(summary.get("failed").asInt()).isZero();
        assertThat(summary.get("lost").asInt()).isZero();
    }

    @Test
    void finishesWhatRunsBehindAnEarlierInputThatWaitsForItsWorker() throws Exception {
        file("handlers.py", """
                import os, threading
                def until(name):
                    while not os.path.exists(name):
                        threading.Event().wait(0.01)
                if os.path.exists("died"):
                    print("starting again", flush=True)
                    until("never")
                def work(text):
                    if text == "dies":
                        until("running")
                        open("died", "w").close()
                        os._exit(1)
                    open("running", "w").close()
                    until("go")
                    open("done", "w").close()
                    return text
                """);
        file("in.txt", "dies\nheld\n");
        Process process = start(
                "run",
                "--handlers",
                "handlers.py",
                "--call",
                "work",
                "--input",
                "in.txt",
                "--workers",
                "2",
                "--retry-safe");
        BufferedReader err = process.errorReader();
        awaitLine(err, "starting again");

        interrupt(process);
        awaitLine(err, "vivarium: stopping");
        // Nothing tells that the first input was given up. A command that does not wait for the second has ended by
        // then.
        boolean ended = process.waitFor(2, TimeUnit.SECONDS);
        file("go", "");

        assertThat(ended).isFalse();
        assertThat(process.inputReader().lines()).isEmpty();
        assertThat(process.waitFor()).isEqualTo(ExitCode.INTERRUPTED);
        assertThat(folder.resolve("done")).exists();
    }

    @Nested
    class BeforeTheRunBegins {

        @Test
        void endsTheStartAndLeavesTheOutputAsItIs() throws Exception {
            file("handlers.py", """
                    import os, threading
                    print("loading", flush=True)
                    while not os.path.exists("go"):
                        threading.Event().wait(0.01)
                    def echo(text): return text
                    """);
            Path out = file("out.jsonl", "precious\n");
            Process process = start("run", "--handlers", "handlers.py", "--call", "echo", "--output", "out.jsonl");
            awaitLine(process.errorReader(), "loading");

            interrupt(process);

            assertThat(process.waitFor()).isEqualTo(ExitCode.INTERRUPTED);
            assertThat(out).hasContent("precious\n");
        }

        @Test
        @Timeout(60) // What does not hear it waits for ever.
        void isHeardWhileTheHeaderIsWaitedFor() throws Exception {
            StringWriter messages = new StringWriter();
            PoolConfig config = PoolConfig.builder()
                    .name("run")
                    .handlers("textwrap")
                    .workers(1)
                    .build();
            CountDownLatch never = new CountDownLatch(1);
            try (Pipeline pipeline = new Pipeline(config, new Tally(), null, null, new PrintWriter(messages, true))) {
                InputStream silent = new FilterInputStream(InputStream.nullInputStream()) {
                    @Override
                    public int read(byte[] into, int offset, int length) throws IOException {
                        pipeline.stop();
                        try {
                            never.await();
                        } catch (InterruptedException e) {
                            throw new IOException(e);
                        }
                        return -1;
                    }
                };
                Inputs inputs = Inputs.of(
                        Inputs.Format.csv,
                        new LineReader(silent, 10),
                        PythonCall.to("f").returning(RawJson.class));

                assertThatThrownBy(() -> pipeline.begin(inputs)).isInstanceOf(RunCommand.PipelineStopped.class);
                assertThat(messages.toString()).contains("vivarium: stopping");
            } finally {
                never.countDown();
            }
        }

        @Test
        void isHeardBeforeThereIsAPool() throws Exception {
            PoolConfigBuilder config =
                    PoolConfig.builder().name("run").workers(1).runtimeDirectory(audit.folder());
            HandlerSource.configure(
                    config, file("handlers.py", "def echo(text): return text").toString());
            StringWriter messages = new StringWriter();
            try (Pipeline pipeline =
                    new Pipeline(config.build(), new Tally(), null, null, new PrintWriter(messages, true))) {

                pipeline.stop();
                PythonPool pool = pipeline.start();

                assertThat(pool.whenServing().toCompletableFuture())
                        .failsWithin(Duration.ofSeconds(60))
                        .withThrowableOfType(ExecutionException.class);
                assertThat(messages.toString()).contains("vivarium: stopping");
            }
        }
    }
}
