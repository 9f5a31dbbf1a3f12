package dev.vivarium.chaos.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the next run does about a report whose runner is gone. */
class LeftoversTest {

    @TempDir
    Path folder;

    private Path report;

    @BeforeEach
    void setUp() throws IOException {
        report = Files.createDirectories(folder.resolve("report"));
    }

    private Path full(Path path) throws IOException {
        Files.createDirectories(path);
        return Files.writeString(path.resolve("file"), "kept").getParent();
    }

    private String healed(Path... named) throws IOException {
        Path run = Files.createDirectories(report.resolve("scenario/0x1"));
        Map<String, Object> begin = Map.of(
                "what",
                "run",
                "pool",
                "nobody",
                "runner",
                0,
                "begun",
                "never",
                "folders",
                List.of(named).stream().map(Path::toString).toList());
        Files.writeString(run.resolve(History.FILE), new ObjectMapper().writeValueAsString(begin) + "\n");
        return String.join("\n", Leftovers.heal(report));
    }

    @Test
    void removesTheFoldersThatARunMakes() throws Exception {
        Path pools = full(folder.resolve("vtk123"));
        Path orders = full(folder.resolve("vchaos456"));
        Path ballast = full(folder.resolve("vchaos-test1-00002"));

        assertThat(healed(pools, orders, ballast)).contains("ended 0 processes");

        assertThat(pools).doesNotExist();
        assertThat(orders).doesNotExist();
        assertThat(ballast).doesNotExist();
    }

    @Test
    void leavesAloneWhatNoRunMakesWhateverTheReportSays() throws Exception {
        Path victim = full(folder.resolve("victim"));
        Path behind = full(folder.resolve("elsewhere"));
        Path link = Files.createSymbolicLink(folder.resolve("vtk7"), behind);
        Path climbing = full(folder.resolve("vtk8")).resolve("../victim");

        assertThat(healed(victim, link, climbing))
                .contains("left " + victim + " alone", "left " + link + " alone", "left " + climbing + " alone");

        assertThat(victim.resolve("file")).exists();
        assertThat(behind.resolve("file")).exists();
    }
}
