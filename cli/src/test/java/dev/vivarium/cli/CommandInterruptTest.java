package dev.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

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
}
