package dev.vivarium.testreport;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A limit that does not hold is named with its value, and changes the status. */
class LimitsTest {

    @TempDir
    Path folder;

    private Build build;

    @BeforeEach
    void ranOneTestOnEachOfTwoLayers() throws IOException {
        build = new Build(folder);
        String test = "{\"class\":\"b.T\",\"method\":\"t\",\"status\":\"passed\",\"ms\":1500,\"layer\":\"%s\"}";
        build.file("shop/target/test-journal.jsonl", test.formatted("FAKE"), test.formatted("PYTHON"));
    }

    private int report(String layers, String... limits) throws IOException {
        build.file("limits", limits);
        return build.run(
                "report",
                "--root",
                build.root(),
                "--run",
                "integration",
                "--layers",
                layers,
                "--seconds",
                "10",
                "--limits",
                build.path("limits"));
    }

    @Test
    void holdsWhenItIsJustReached() throws Exception {
        int status = report(
                "FAKE,PYTHON",
                "# a comment",
                "",
                "integration: seconds <= 10",
                "integration: tests >= 2",
                "integration PYTHON: seconds <= 1.5",
                "unit: tests >= 1000");

        assertThat(status).isZero();
        assertThat(build.err()).isEmpty();
    }

    @Test
    void isNamedWithTheValueWhenItDoesNotHold() throws Exception {
        int status = report(
                "FAKE,PYTHON",
                "integration: seconds <= 9",
                "integration PYTHON: seconds <= 1.25",
                "integration FAKE: tests >= 2");

        assertThat(status).isEqualTo(3);
        assertThat(build.err().lines())
                .containsExactly(
                        "limit: integration: seconds must be <= 9, by " + build.path("limits") + ", and is 10",
                        "limit: integration PYTHON: seconds must be <= 1.25, by " + build.path("limits")
                                + ", and is 1.50",
                        "limit: integration FAKE: tests must be >= 2, by " + build.path("limits") + ", and is 1");
        assertThat(build.page()).contains("beyond a limit").contains("integration FAKE: tests must be &gt;= 2");
    }

    @Test
    void isForTheLayersThatWereRunAndCountsThoseThatHaveNoTest() throws Exception {
        String limit = "integration SCRIPTED: tests >= 1";

        assertThat(report("FAKE", limit)).isZero();
        assertThat(report("SCRIPTED", limit)).isEqualTo(3);
        assertThat(build.err()).contains("and is 0");
    }

    @Test
    void isRefusedWithItsLineWhenItIsNoLimit() throws Exception {
        int status = report("FAKE", "unit: tests >= 1", "untit: tests >= 1", "unit: tests = 1", "unit tests >= 1");

        assertThat(status).isEqualTo(64);
        assertThat(build.err())
                .contains("limits, line 2: expected RUN [PART]: SUBJECT <= NUMBER")
                .contains("line 3")
                .contains("line 4")
                .doesNotContain("line 1");
    }

    @Test
    void isForRatiosOfBenchesToo() throws Exception {
        build.file(
                "latency.json",
                "{\"benchmark\":\"latency\",\"ratios\":[{\"of\":\"call, directly\",\"over\":\"pipe, json\",\"value\":9,"
                        + "\"middle\":1.75}]}");
        build.file(
                "limits",
                "performance latency: call, directly / pipe, json <= 1.5",
                "performance latency: call, blocked / pipe, json <= 1.5",
                "performance payload: bytes / copy <= 1",
                "performance: seconds <= 100");

        int status = build.run(
                "figures",
                "--run",
                "performance",
                "--seconds",
                "7",
                "--limits",
                build.path("limits"),
                build.path("latency.json"));

        assertThat(status).isEqualTo(3);
        assertThat(build.err().lines())
                .containsExactly(
                        "limit: performance latency: call, directly / pipe, json must be <= 1.50, by "
                                + build.path("limits") + ", and is 1.75",
                        "limit: performance latency: call, blocked / pipe, json must be <= 1.50, by "
                                + build.path("limits") + ", and was not measured",
                        "limit: performance payload: bytes / copy must be <= 1, by " + build.path("limits")
                                + ", and was not measured");
    }

    @Test
    void isRefusedWhenItsPartIsNoneOfTheRuns() throws Exception {
        int status = report(
                "FAKE",
                "performance latncy: call / pipe <= 2",
                "integration PYTON: tests >= 1",
                "chaos FAKE: seconds <= 1",
                "performance payload: bytes / copy <= 1");

        assertThat(status).isEqualTo(64);
        assertThat(build.err())
                .contains("line 1: performance has no part 'latncy', but idle, latency")
                .contains("line 2: integration has no part 'PYTON', but FAKE, PYTHON, SCRIPTED")
                .contains("line 3: chaos has no part 'FAKE'")
                .doesNotContain("line 4");
    }

    @Test
    void isOfARunThatThereIs() throws Exception {
        build.file("limits", "unit: seconds <= 1");

        assertThat(build.run("figures", "--limits", build.path("limits"), "--seconds", "9"))
                .isEqualTo(64);
        assertThat(build.err()).contains("--run must be one of chaos, performance, got ''");
        assertThat(build.run("report", "--root", build.root(), "--run", "unti")).isEqualTo(64);
    }

    @Test
    void isNotComparedWithABenchThatCannotBeRead() throws Exception {
        build.file("limits", "performance: seconds <= 1");

        int status = build.run(
                "figures", "--run", "performance", "--limits", build.path("limits"), build.path("nowhere.json"));

        assertThat(status).isEqualTo(74);
        assertThat(build.err()).contains("nowhere.json").doesNotContain("\tat ");
    }

    @Test
    void isOneOfManyThingsThatCanBeSaidWrongly() {
        assertThat(build.run()).isEqualTo(64);
        assertThat(build.run("repot")).isEqualTo(64);
        assertThat(build.run("report", "--loud", "1")).isEqualTo(64);
        assertThat(build.run("report", "--run")).isEqualTo(64);
        assertThat(build.run("report", "now")).isEqualTo(64);
        assertThat(build.run("report", "--root", build.root(), "--seconds", "long"))
                .isEqualTo(64);
        assertThat(build.run("figures", "--run", "chaos")).isEqualTo(64);
        assertThat(build.run("figures", "--run", "chaos", "--limits", build.path("nowhere")))
                .isEqualTo(64);
        assertThat(build.err()).contains("cannot read the limits in").contains("usage: report");
    }
}
