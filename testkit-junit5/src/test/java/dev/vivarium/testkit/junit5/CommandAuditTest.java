package dev.vivarium.testkit.junit5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;
import static org.junit.platform.testkit.engine.EventConditions.event;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** A test of a program that leaves something behind fails and says what it was. */
@Tag("processes")
@ResourceLock("processes of this JVM") // Runs of tests within a test look for what this JVM has started.
class CommandAuditTest {

    private static Events run(String method) {
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selectMethod(Programs.class, method))
                .execute()
                .testEvents();
    }

    private static void failsWith(String method, Predicate<String> text) {
        run(method).assertThatEvents().haveExactly(1, event(finishedWithFailure(message(text))));
    }

    @Test
    void findsNothingWhereNothingIs() {
        assertThat(run("leavesNothing").succeeded().count()).isEqualTo(1);
    }

    @Test
    void namesAProcessAlsoOneWithoutAMark() {
        failsWith("leavesAProcess", text -> text.contains("PROCESS: ") && text.contains("cat"));
        assertThat(Programs.left.isAlive()).isTrue();
        Programs.left.destroyForcibly();
        failsWith("leavesAProcessWithoutAMark", text -> text.contains("PROCESS: ") && text.contains("sh -c"));
        Programs.left.destroyForcibly();
    }

    @Test
    void namesATemporaryFileAndRemovesIt() {
        failsWith("leavesAFile", text -> text.contains("FILE: left.txt"));
        assertThat(Programs.folder).doesNotExist();
    }

    @Test
    void namesAPoolsDirectoryAndNotWhatIsKeptForOtherPools() {
        failsWith(
                "leavesAPoolsDirectory",
                text -> text.contains("FILE: vivarium-me/pool-1234") && !text.contains("python-1234"));
    }

    @Test
    void hasNoFolderOutsideOfATest() {
        assertThatThrownBy(new CommandAudit()::folder).isInstanceOf(IllegalStateException.class);
    }

    static class Programs {
        static Process left;
        static Path folder;

        @RegisterExtension
        final CommandAudit audit = new CommandAudit(Duration.ofMillis(200));

        @Test
        void leavesNothing() throws Exception {
            Process process =
                    audit.mark(new ProcessBuilder("sh", "-c", "exit 3")).start();
            assertThat(process.waitFor()).isEqualTo(3);
        }

        @Test
        void leavesAProcess() throws Exception {
            left = audit.mark(new ProcessBuilder("cat")).start();
        }

        @Test
        void leavesAProcessWithoutAMark() throws Exception {
            // Its command line names the folder, as those of a pool's processes do.
            ProcessBuilder program = new ProcessBuilder("sh", "-c", "read line; : " + audit.folder() + "/script");
            left = program.start();
        }

        @Test
        void leavesAFile() throws Exception {
            folder = audit.folder();
            Files.createFile(folder.resolve("left.txt"));
        }

        @Test
        void leavesAPoolsDirectory() throws Exception {
            Path home = Files.createDirectory(audit.folder().resolve("vivarium-me"));
            Files.createFile(home.resolve("lock"));
            Files.createDirectories(home.resolve("python-1234/vivarium_worker"));
            Files.createFile(home.resolve("python-1234/vivarium_worker/api.py"));
            Files.createDirectory(home.resolve("pool-1234"));
        }
    }
}
