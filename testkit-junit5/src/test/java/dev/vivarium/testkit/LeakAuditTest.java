package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** What the leak audit takes for a pool's own, without a pool. */
@ResourceLock("processes of this JVM") // Runs of tests within a test look for what this JVM has started.
class LeakAuditTest {

    @TempDir
    private Path parent;

    // Of this test alone: the same tests may run in another JVM at the same time.
    private final String name = "audited-" + UUID.randomUUID();
    private Path folder = Path.of("none");
    private LeakAudit audit = new LeakAudit("none", "none", folder, Duration.ZERO);

    @BeforeEach
    void begin() throws IOException {
        folder = Files.createDirectory(parent.resolve("audited"));
        audit = new LeakAudit(name, name, folder, Duration.ofMillis(200));
    }

    private void file(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.createFile(file);
    }

    @Nested
    class OfAFolder {

        @Test
        void findsNothingInAnEmptyOneNorInNone() throws Exception {
            assertThat(audit.verify()).isEmpty();

            Files.delete(folder);

            assertThat(audit.verify()).isEmpty();
        }

        @Test
        void findsNothingInWhatIsKeptForTheNextPool() throws Exception {
            file("vivarium-me/lock");
            file("vivarium-me/python-0a9f/package/module.py");
            Files.createDirectories(folder.resolve("vivarium-me/python-0a9f/empty"));
            Files.createDirectories(folder.resolve("vivarium-other"));

            assertThat(audit.verify()).isEmpty();
        }

        @Test
        void findsWhatOnlyResemblesIt() throws Exception {
            file("vivarium-me/lock.left");
            file("vivarium-me/python-left/module.py");
            file("vivarium-me/left");
            file("lock");

            assertThat(audit.verify())
                    .containsExactlyInAnyOrder(
                            new Leak(Leak.Kind.FILE, "vivarium-me/lock.left"),
                            new Leak(Leak.Kind.FILE, "vivarium-me/python-left/module.py"),
                            new Leak(Leak.Kind.FILE, "vivarium-me/left"),
                            new Leak(Leak.Kind.FILE, "lock"));
        }

        @Test
        void findsAnEmptyFolderAndOfAFullOneWhatIsInIt() throws Exception {
            Files.createDirectory(folder.resolve("empty"));
            file("full/file");

            assertThat(audit.verify())
                    .containsExactlyInAnyOrder(
                            new Leak(Leak.Kind.FILE, "empty"), new Leak(Leak.Kind.FILE, "full/file"));
        }
    }

    @Nested
    @Tag("processes")
    class OfAProcess {

        private List<ProcessHandle> found(ProcessBuilder command) throws Exception {
            Process process = command.start();
            try {
                return audit.processes();
            } finally {
                process.getOutputStream().close();
                var unused = process.waitFor();
            }
        }

        private ProcessBuilder withVariable(String value) {
            ProcessBuilder command = new ProcessBuilder("cat");
            command.environment().put("SOMETHING", value);
            return command;
        }

        @Test
        void findsOneWhoseEnvironmentNamesTheFolderOrWhatIsInIt() throws Exception {
            assertThat(found(withVariable(folder.toString()))).hasSize(1);
            assertThat(found(withVariable(folder + "/file"))).hasSize(1);
        }

        @Test
        void findsOneWhoseEnvironmentNamesTheFolderInAList() throws Exception {
            assertThat(found(withVariable(folder + ":/other"))).hasSize(1);
            assertThat(found(withVariable("/other:" + folder))).hasSize(1);
            assertThat(found(withVariable(folder + ",/other"))).hasSize(1);
        }

        @Test
        void findsNoneThatNamesANeighbour() throws Exception {
            assertThat(found(withVariable(folder + "-too"))).isEmpty();
            assertThat(found(withVariable(folder + "2:/other"))).isEmpty();
            assertThat(found(withVariable(folder + ".old"))).isEmpty();
        }

        @Test
        void findsOneWhoseCommandLineNamesTheFolder() throws Exception {
            file("input");

            assertThat(found(new ProcessBuilder(
                            "cat", "-", folder.resolve("input").toString())))
                    .hasSize(1);
        }

        @Test
        void findsOneThatIsMarkedButNoneWithAnothersMark() throws Exception {
            ProcessBuilder own = new ProcessBuilder("cat");
            own.environment().put(LeakAudit.MARK, name);
            ProcessBuilder anothers = new ProcessBuilder("cat");
            anothers.environment().put(LeakAudit.MARK, name + "2");

            assertThat(found(own)).hasSize(1);
            assertThat(found(anothers)).isEmpty();
        }
    }
}
