package dev.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script that starts the command, in a checkout that looks built, with a Java that only notes how it is called. */
@EnabledOnOs(OS.LINUX)
class LauncherTest {

    private static final String JAVA = """
            #!/bin/sh
            for word; do case "$word" in -XX:ArchiveClassesAtExit=*) : >"${word#*=}"; echo archive >>"$NOTES"; exit;; esac; done
            streams=$(for fd in 0 1 2; do echo "$fd $(readlink /proc/$$/fd/$fd)"; done)
            {
              echo "$streams"
              echo "closed $VIVARIUM_CLOSED"
              sed -n 's/^Cpus_allowed_list:[[:space:]]*/processors /p' /proc/self/status
              for word; do echo "$word"; done
            } >>"$NOTES"
            """;

    /** Like a JVM and like Maven, it ends in good order when it is interrupted: bash does not take that for an interrupt. */
    private static final String UNTIL_IT_IS_ENDED = """
            trap 'exit 130' INT
            trap 'exit 143' TERM
            echo $$ >"$BEGUN"
            while [ -e "$BEGUN" ]; do sleep 0.05; done
            """;

    @TempDir
    private Path folder;

    private Path notes;
    private Path target;

    @BeforeEach
    void aCheckoutThatIsBuilt() throws IOException {
        notes = folder.resolve("notes");
        Path root = Files.createDirectories(folder.resolve("check out"));
        Path script = Path.of("").toAbsolutePath().resolveSibling("vivarium");
        Files.copy(script, root.resolve("vivarium"));
        Files.createDirectories(root.resolve("python/src"));
        Files.createDirectories(root.resolve("chaos/scenarios"));
        Files.createFile(root.resolve("pom.xml"));
        for (String module : List.of("worker-protocol", "supervisor", "testkit", "bench", "chaos", "cli")) {
            Files.createDirectories(root.resolve(module).resolve("src/main"));
            Files.createFile(root.resolve(module).resolve("pom.xml"));
        }
        target = Files.createDirectories(root.resolve("cli/target"));
        Files.createFile(target.resolve("vivarium.jar"));
        Files.createFile(folder.resolve("other.jar"));
        Files.writeString(
                target.resolve("classpath"), folder.resolve("other.jar").toString());
        Files.createFile(target.resolve("launcher.stamp"));
        aJava("one");
    }

    private void aJava(String name) throws IOException {
        aProgram(Files.createDirectories(folder.resolve(name).resolve("bin")).resolve("java"), JAVA);
    }

    private static void aProgram(Path file, String text) throws IOException {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }

    /** Runs the script with a redirection, and returns what its Java notes. */
    private List<String> launch(String java, String redirection) throws Exception {
        return launch(java, "doctor 'a b'", redirection);
    }

    private List<String> launch(String java, String arguments, String redirection) throws Exception {
        return launchWith("", java, arguments + " " + redirection);
    }

    /** Runs the script with variables of its own. */
    private List<String> launchWith(String variables, String java, String words) throws Exception {
        Files.deleteIfExists(notes);
        List<String> command =
                new ArrayList<>(List.of("bash", "-c", variables + "exec \"$0\" " + words, target + "/../../vivarium"));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).directory(folder.toFile());
        builder.environment().put("JAVA_HOME", folder.resolve(java).toString());
        builder.environment().put("NOTES", notes.toString());
        Process process = builder.start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        return Files.readAllLines(notes);
    }

    @Test
    void givesClosedDescriptorsToNobodyElse() throws Exception {
        assertThat(launch("one", "")).contains("closed ");
        assertThat(launch("one", "<&-")).contains("0 /dev/null", "closed 0");
        assertThat(launch("one", ">&-")).contains("1 /dev/null", "closed 1");
        assertThat(launch("one", "<&- >&- 2>&-")).contains("0 /dev/null", "1 /dev/null", "2 /dev/null", "closed 01");
    }

    @Test
    void makesAnArchiveOfClassesOnceForEachBuildAndEachJava() throws Exception {
        String archive = "-XX:SharedArchiveFile=" + target.toRealPath().resolve("launcher.jsa");
        aJava("two");

        assertThat(launch("one", "")).contains("archive", archive, "doctor", "a b");
        assertThat(launch("one", "")).doesNotContain("archive").contains(archive);
        Files.writeString(target.resolve("vivarium.jar"), "another build");
        assertThat(launch("one", "")).contains("archive", archive);
        assertThat(launch("two", "")).contains("archive", archive);
        assertThat(launch("two", "")).doesNotContain("archive").contains(archive);
    }

    @Test
    void putsOnlyJarsOnTheClassPath() throws Exception {
        List<String> words = launch("one", "");

        assertThat(words.get(words.indexOf("-cp") + 1))
                .isEqualTo(target.toRealPath().resolve("vivarium.jar") + ":" + folder.resolve("other.jar"));
    }

    @Test
    void buildsWhatABenchIsComparedWithOnlyForThat() throws Exception {
        // Given a Maven that leaves a class path where it is told to
        Path module = Files.createDirectories(target.resolve("../../bench-peers/src/main"));
        Files.createFile(module.resolve("../../pom.xml"));
        Path bin = Files.createDirectories(folder.resolve("bin"));
        aProgram(bin.resolve("mvn"), """
                #!/bin/sh
                echo mvn >>"$NOTES"
                for word; do case "$word" in -Dmdep.outputFile=*) echo peer.jar >"${word#*=}" ;; esac; done
                """);
        String path = "PATH=" + bin + ":\"$PATH\" ";
        String peers = target.toRealPath().resolve("../../bench-peers/target").normalize() + "/classes:peer.jar";

        // When
        List<String> other = launchWith(path, "one", "bench latency");
        List<String> first = launchWith(path, "one", "bench peers");
        List<String> second = launchWith(path, "one", "bench peers");

        // Then
        assertThat(other).doesNotContain("mvn");
        assertThat(classPath(other)).doesNotContain("peer");
        assertThat(first).contains("mvn");
        assertThat(classPath(first)).endsWith(peers);
        assertThat(second).doesNotContain("mvn");
        assertThat(classPath(second)).endsWith(peers);
    }

    private static String classPath(List<String> words) {
        return words.get(words.lastIndexOf("-cp") + 1);
    }

    @Nested
    class ABenchThatIsToBePinned {

        private static final String PROGRAMS =
                "bash sh readlink dirname find cat rm mkdir stat mv touch flock sed java";

        @Test
        void runsOnOneProcessorFromTheBeginning() throws Exception {
            assertThat(launch("one", "bench latency --pin", "")).contains("processors 0", "bench", "--pin");
        }

        @Test
        void isTheOnlyCommandThatDoes() throws Exception {
            String all = launch("one", "doctor", "").stream()
                    .filter(line -> line.startsWith("processors "))
                    .findFirst()
                    .orElseThrow();

            assertThat(launch("one", "doctor --pin", "")).contains(all);
            assertThat(launch("one", "bench latency", "")).contains(all);
        }

        @Test
        void isRefusedWhereTasksetIsMissing() throws Exception {
            Path bin = Files.createDirectories(folder.resolve("without"));
            for (String program : PROGRAMS.split(" ", -1)) {
                for (String place : System.getenv("PATH").split(":", -1)) {
                    Path file = Path.of(place, program);
                    if (Files.isExecutable(file) && !Files.exists(bin.resolve(program))) {
                        Files.createSymbolicLink(bin.resolve(program), file);
                    }
                }
            }
            ProcessBuilder builder = new ProcessBuilder(
                            bin.resolve("bash").toString(), target + "/../../vivarium", "bench", "latency", "--pin")
                    .directory(folder.toFile());
            builder.environment().put("PATH", bin.toString());
            builder.environment().put("JAVA_HOME", folder.resolve("one").toString());
            builder.environment().put("NOTES", notes.toString());
            Process process = builder.start();

            assertThat(process.errorReader().lines())
                    .contains("vivarium: --pin needs the program taskset: install util-linux");
            assertThat(process.waitFor()).isEqualTo(ExitCode.UNAVAILABLE);
        }
    }

    @Test
    void saysSoWhenTheCurrentFolderIsGone() throws Exception {
        Process process = new ProcessBuilder(
                        "bash",
                        "-c",
                        "mkdir gone && cd gone && rmdir ../gone && exec \"$0\"",
                        target + "/../../vivarium")
                .directory(folder.toFile())
                .start();

        assertThat(process.errorReader().lines())
                .contains("vivarium: the current folder does not exist any more, or cannot be read: change to another");
        assertThat(process.waitFor()).isEqualTo(ExitCode.USAGE);
    }

    /** Each test names a program that the script runs, which waits there until it is ended. */
    @Nested
    class ASignal {

        private Path begun;

        @BeforeEach
        void somethingThatTakesLong() throws Exception {
            begun = folder.resolve("begun");
            assertThat(new ProcessBuilder("mkfifo", begun.toString()).start().waitFor())
                    .isZero();
        }

        @AfterEach
        void nothingWaitsAnyMore() throws IOException {
            Files.deleteIfExists(begun);
        }

        private Process start() throws IOException {
            // A session of its own is a group of its own, as a terminal makes it; and a background job has SIGINT
            // ignored.
            ProcessBuilder builder = new ProcessBuilder("python3", "-c", """
                    import os, signal, sys
                    signal.signal(signal.SIGINT, signal.SIG_DFL)
                    os.setsid()
                    os.execvp("bash", ["bash", *sys.argv[1:]])
                    """, target + "/../../vivarium", "doctor");
            Path bin = folder.resolve("bin");
            builder.environment().merge("PATH", bin.toString(), (there, ours) -> ours + ":" + there);
            builder.environment().put("JAVA_HOME", folder.resolve("one").toString());
            builder.environment().put("NOTES", notes.toString());
            builder.environment().put("BEGUN", begun.toString());
            return builder.redirectErrorStream(true).start();
        }

        private void waitsIn(String program, String untilItIsEnded) throws IOException {
            aProgram(Files.createDirectories(folder.resolve("bin")).resolve(program), "#!/bin/sh\n" + untilItIsEnded);
        }

        private void archivingTakesLong() throws IOException {
            aProgram(
                    folder.resolve("one/bin/java"),
                    JAVA.replace("echo archive >>\"$NOTES\"; exit;;", "\n" + UNTIL_IT_IS_ENDED + ";;"));
        }

        private ProcessHandle awaitProgram() throws Exception {
            Process reader = new ProcessBuilder("timeout", "60", "cat", begun.toString()).start();
            String pid = new String(reader.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            assertThat(pid).as("nothing has begun").isNotEmpty();
            return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
        }

        private void send(String signal, String whom) throws Exception {
            assertThat(new ProcessBuilder("kill", "-" + signal, "--", whom)
                            .start()
                            .waitFor())
                    .isZero();
        }

        private void endsWith(int status, Process process) throws Exception {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(said).isEqualTo(status);
            assertThat(said).doesNotContain("failed");
            assertThat(notes).doesNotExist();
        }

        private void leavesOnly(String... names) {
            assertThat(target.toFile().list())
                    .filteredOn(name -> name.startsWith("launcher."))
                    .containsExactlyInAnyOrder(names);
        }

        @Test
        void whileTheArchiveIsMadeEndsTheCommandAndLeavesNoHalfArchive() throws Exception {
            archivingTakesLong();
            Process process = start();
            ProcessHandle archiving = awaitProgram();

            send("INT", "-" + process.pid());

            endsWith(ExitCode.INTERRUPTED, process);
            assertThat(archiving.isAlive()).isFalse();
            leavesOnly("launcher.stamp");
        }

        @Test
        void toTheScriptAloneEndsWhatItWaitsForToo() throws Exception {
            archivingTakesLong();
            Process process = start();
            ProcessHandle archiving = awaitProgram();

            send("TERM", Long.toString(process.pid()));

            endsWith(ExitCode.TERMINATED, process);
            assertThat(archiving.isAlive()).isFalse();
            leavesOnly("launcher.stamp");
        }

        @Test
        void duringTheBuildIsNoFailureOfTheBuildAndLeavesNoHalfBuild() throws Exception {
            Files.setLastModifiedTime(target.resolve("launcher.stamp"), FileTime.fromMillis(0));
            waitsIn("mvn", UNTIL_IT_IS_ENDED);
            Process process = start();
            ProcessHandle building = awaitProgram();

            send("INT", "-" + process.pid());

            endsWith(ExitCode.INTERRUPTED, process);
            assertThat(building.isAlive()).isFalse();
            leavesOnly("launcher.lock", "launcher.log");
        }

        @Test
        void isHeardAlthoughWhatRunsHasJustDoneItsWork() throws Exception {
            waitsIn("mkdir", UNTIL_IT_IS_ENDED.replace("exit 130", "exit 0"));
            Process process = start();
            var unused = awaitProgram();

            send("INT", "-" + process.pid());

            endsWith(ExitCode.INTERRUPTED, process);
        }
    }
}
