package dev.vivarium.testreport;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What runs that measure have left is kept, and is on a page of its own. */
class FiguresTest {

    @TempDir
    Path folder;

    private Build build;

    @BeforeEach
    void hasLimitsOfTime() throws IOException {
        build = new Build(folder).file("limits", "chaos: seconds <= 100", "performance: seconds <= 100");
    }

    private int figures(String run, String... more) {
        List<String> words = new ArrayList<>(List.of(
                "figures",
                "--run",
                run,
                "--limits",
                build.path("limits"),
                "--seconds",
                "9",
                "--out",
                build.path("out"),
                "--history",
                build.path("kept/figures.jsonl")));
        words.addAll(List.of(more));
        return build.run(words.toArray(String[]::new));
    }

    private String page() throws IOException {
        return Files.readString(folder.resolve("out/index.html"));
    }

    private String aRun(String folderName, String verdict, double recovery) throws IOException {
        String file = "out/kill/" + folderName + "/journal.json";
        build.file(
                file,
                "{\"scenario\":\"kill-60-percent\",\"verdict\":\"" + verdict + "\",\"seed\":\"0x2a\",\"findings\":["
                        + "{\"checker\":\"queue\",\"verdict\":\"VALID\",\"found\":\"at most 3\"},"
                        + "{\"checker\":\"outcomes\",\"verdict\":\"" + verdict + "\",\"found\":\"1 <lost>\"}],"
                        + "\"figures\":{\"detection\":0.25,\"recovery\":" + recovery + "}}");
        return build.path(file);
    }

    private String aBench(double ratio) throws IOException {
        build.file(
                "latency.json",
                "{\"benchmark\":\"latency\",\"ratios\":[{\"of\":\"call\",\"over\":\"pipe\",\"value\":9,\"middle\":"
                        + ratio + "}]}");
        return build.path("latency.json");
    }

    @Test
    void areOfEachRunOfChaosWithItsSeedAndWhatItFound() throws Exception {
        int status = figures("chaos", "--status", "1", aRun("a", "VALID", 1.5), aRun("b", "INVALID", 2.5));

        assertThat(status).isZero();
        assertThat(build.out()).contains("0.25  kill-60-percent: detection, s", "2.50  kill-60-percent: recovery, s");
        assertThat(page())
                .contains("<span class=\"bad\">INVALID</span></h1>")
                .contains("href=\"kill/a/timeline.html\"", "href=\"kill/b/timeline.html\"")
                .contains("<code>0x2a</code>")
                .contains("outcomes: 1 &lt;lost&gt;")
                .doesNotContain("queue: at most 3")
                .doesNotContain("http")
                .doesNotContain("<script");
    }

    @Test
    void areOfASwarmToo() throws Exception {
        build.file(
                "out/swarm.json",
                "{\"verdict\":\"INVALID\",\"runs\":12,\"runsPerMinute\":300,\"failure\":{\"seed\":\"0x7\",\"findings\":["
                        + "{\"checker\":\"rest\",\"found\":\"a slot is busy\"}]}}");

        figures("chaos", build.path("out/swarm.json"));

        assertThat(build.out()).contains("12.00  swarm: runs", "300.00  swarm: runs a minute");
        assertThat(page()).contains("rest: a slot is busy", "<code>0x7</code>");
    }

    @Test
    void haveATrendOfTheRunsOfTheirKindThatEndedWell() throws Exception {
        figures("performance", aBench(1.5));
        figures("performance", "--status", "1", aBench(99));
        figures("chaos", aRun("a", "VALID", 1.5));
        figures("performance", aBench(2.5));

        assertThat(Files.readAllLines(folder.resolve("kept/figures.jsonl"))).hasSize(4);
        assertThat(page()).contains("<td>latency: call / pipe</td><td class=\"n\">2.50</td>");
        // Of two values the first is at the bottom and the last at the top.
        assertThat(page()).containsOnlyOnce("<svg").contains("points=\"6.0,54.0 314.0,6.0\"");
    }

    @Test
    void sayWhichLimitDoesNotHoldAndWhatElseThereIsToSay() throws Exception {
        build.file("limits", "performance latency: call / pipe <= 1");

        int status = figures("performance", "--note", "one & two", aBench(1.5));

        assertThat(status).isEqualTo(3);
        assertThat(page())
                .contains("beyond a limit", "latency: call / pipe must be &lt;= 1")
                .contains("one &amp; two");
    }

    @Test
    void areRefusedWhenAFileIsOfSomethingElse() throws Exception {
        build.file("other.json", "{\"name\":\"x\"}");

        assertThat(figures("chaos", build.path("other.json"))).isEqualTo(64);
        assertThat(build.err()).contains("other.json is neither of a bench nor of a run of chaos");
        assertThat(figures("unit")).isEqualTo(64);
    }

    @Test
    void areAllKeptWhenRunsEndAtTheSameTime() throws Exception {
        RecordFile<FigureRecord> kept = new RecordFile<>(FigureRecord.class);
        Path file = folder.resolve("kept/figures.jsonl");
        int writers = 8;
        CountDownLatch together = new CountDownLatch(writers);
        ExecutorService threads = Executors.newFixedThreadPool(writers);
        try {
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < writers; i++) {
                FigureRecord record = new FigureRecord("at " + i, "chaos", "", 0, 1, Map.of());
                done.add(threads.submit(() -> {
                    together.countDown();
                    together.await();
                    kept.add(file, record, each -> false);
                    return null;
                }));
            }
            for (Future<?> each : done) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(kept.read(file, note -> {}))
                .extracting(FigureRecord::at)
                .hasSize(writers)
                .doesNotHaveDuplicates();
    }
}
