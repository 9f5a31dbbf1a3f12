package dev.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
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
              for word; do echo "$word"; done
            } >>"$NOTES"
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
        Files.createFile(root.resolve("pom.xml"));
        for (String module : List.of("worker-protocol", "supervisor", "cli")) {
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
        Path java = Files.createDirectories(folder.resolve(name).resolve("bin")).resolve("java");
        Files.writeString(java, JAVA);
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    }

    /** Runs the script with a redirection, and returns what its Java notes. */
    private List<String> launch(String java, String redirection) throws Exception {
        Files.deleteIfExists(notes);
        List<String> command = new ArrayList<>(
                List.of("bash", "-c", "exec \"$0\" doctor 'a b' " + redirection, target + "/../../vivarium"));
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
}
