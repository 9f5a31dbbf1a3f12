package dev.vivarium.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.Signal;
import dev.vivarium.chaos.internal.ScenarioWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The pages on chaos: their examples can be run, and they have everything that there is. */
class ChaosGuideTest {

    private static final Path GUIDE = Path.of("../docs/guide/chaos.md");
    private static final Path REFERENCE = Path.of("../docs/reference/scenarios.md");
    private static final Path RESULTS = Path.of("../docs/results.md");
    private static final Path SOURCE = Path.of("src/test/java/dev/vivarium/chaos/ChaosGuideTest.java");

    private static final Pattern BUG = Pattern.compile("new Mutant\\(\\s*\"([^\"]+)\"");
    private static final Pattern FIELD = Pattern.compile("(?m)^ *(?:- )?([a-z0-9-]+):");

    private static List<String> snippets(String language) throws IOException {
        Matcher matcher =
                Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(GUIDE));
        return matcher.results().map(found -> found.group(1)).toList();
    }

    private static String stripped(String text) {
        return text.lines().map(String::strip).collect(Collectors.joining("\n"));
    }

    @Test
    void theExampleInYamlCanBeRun() throws IOException {
        assertThat(snippets("yaml")).singleElement().satisfies(yaml -> {
            Scenario scenario = Scenario.parse("example.yaml", yaml);

            assertThat(ChaosRun.schedule(scenario, 1).faults()).hasSize(2);
        });
    }

    @Test
    void theExamplesInJavaAreThoseOfTests() throws IOException {
        Scenario scenario = Scenario.builder("kill-one")
                .title("One worker is killed")
                .workers(2)
                .fault(Duration.ZERO, new ChaosFault.Signalled(Signal.KILL, KillPoint.ANY), Targets.ONE)
                .expect("lost == 0", "ok(safe) >= 100%")
                .build();

        assertThat(Schedule.of(scenario, 1).faults()).hasSize(1);
        assertThat(snippets("java")).hasSize(5);
        assertThat(stripped(Files.readString(SOURCE)))
                .contains(stripped(snippets("java").get(0)));
        String run = stripped(snippets("java").get(1));
        String tests = stripped(Files.readString(SOURCE.resolveSibling("ChaosRunTest.java")));
        assertThat(tests).contains(run.lines().skip(1).findFirst().orElseThrow());
    }

    @Test
    void theExamplesOfTheTwinAreThoseOfTests() throws IOException {
        assertThat(stripped(Files.readString(SOURCE.resolveSibling("TwinTest.java"))))
                .contains(stripped(snippets("java").get(3)));
        assertThat(stripped(Files.readString(SOURCE.resolveSibling("SwarmTest.java"))))
                .contains(stripped(snippets("java").get(4)));
    }

    @Test
    void thePageOnResultsHasEveryBugThatIsPlanted() throws IOException {
        String results = Files.readString(RESULTS);
        String bugs = Files.readString(SOURCE.resolveSibling("mutants/Mutant.java"));

        assertThat(BUG.matcher(bugs).results())
                .hasSizeGreaterThan(10)
                .allSatisfy(bug -> assertThat(results).contains("| " + bug.group(1) + " |"));
    }

    @Test
    void theReferenceHasEveryMetricEventAndScenario() throws IOException {
        String reference = Files.readString(REFERENCE);

        for (Metric metric : Metric.values()) {
            assertThat(reference).contains("`" + metric.word());
        }
        assertThat(reference)
                .contains(
                        Metric.events().stream().map(event -> "`" + event + "`").toList());
        assertThat(reference)
                .contains(Scenarios.NAMES.stream()
                        .map(name -> "| `" + name + "` |")
                        .toList());
    }

    @Test
    void theReferenceHasEveryFaultAndField() throws IOException {
        String reference = Files.readString(REFERENCE);
        List<ChaosFault> faults = List.of(
                new ChaosFault.Signalled(Signal.KILL, KillPoint.ANY),
                new ChaosFault.GuardianKilled(),
                new ChaosFault.Exited(1),
                new ChaosFault.Hung(),
                new ChaosFault.Delayed(Direction.TO_JVM, Duration.ofMillis(1), Duration.ZERO, 0, 1),
                new ChaosFault.Frames(FrameEffect.DROP, Direction.TO_JVM, 1),
                new ChaosFault.Partitioned(Direction.BOTH),
                new ChaosFault.Grown(1, 1),
                new ChaosFault.Burned(Duration.ofMillis(1)),
                new ChaosFault.Threads(1),
                new ChaosFault.Descriptors(1),
                new ChaosFault.DiskFilled(1),
                new ChaosFault.Sliced(Direction.TO_JVM, 1, Duration.ofMillis(1), 1),
                new ChaosFault.Throttled(Direction.TO_JVM, 1),
                new ChaosFault.Swizzled(Direction.BOTH),
                new ChaosFault.HealthLied(HealthLie.WELL),
                new ChaosFault.SlowStarted(Duration.ofMillis(1)),
                new ChaosFault.PoolSignalled(PoolProcess.TEMPLATE, Signal.KILL),
                new ChaosFault.JvmPaused(Duration.ofMillis(1)),
                new ChaosFault.SharedMemoryFilled(1));

        for (ChaosFault fault : faults) {
            assertThat(reference).contains("| `" + ScenarioWriter.kind(fault) + "` |");
        }
        assertThat(faults).hasSameSizeAs(kinds(ChaosFault.class));
        for (FrameEffect effect : FrameEffect.values()) {
            assertThat(reference).contains("`" + effect.name().toLowerCase(java.util.Locale.ROOT) + "`");
        }
        String yaml = Scenarios.find("combined").toYaml();
        FIELD.matcher(yaml).results().forEach(field -> assertThat(reference).contains(field.group(1)));
    }

    private static List<Class<?>> kinds(Class<?> sealed) {
        return java.util.Arrays.stream(sealed.getPermittedSubclasses())
                .flatMap(type -> type.isInterface() ? kinds(type).stream() : java.util.stream.Stream.of(type))
                .distinct()
                .collect(Collectors.toList());
    }

    @Test
    void thePageOnResultsHasEveryVerdictAndEachCheckerThatCanBeSabotaged() throws IOException {
        String results = Files.readString(RESULTS);

        for (Verdict verdict : Verdict.values()) {
            assertThat(results).contains("| `" + verdict + "` |");
        }
        for (Sabotage wrong : Sabotage.values()) {
            assertThat(results).contains("| `" + wrong.checker().replace("expect ok", "expect …") + "` |");
        }
    }
}
