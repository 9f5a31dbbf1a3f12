package dev.vivarium.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.vivarium.CallTimeline;
import dev.vivarium.DrainPolicy;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolMode;
import dev.vivarium.Profile;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.Safeguard;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The examples of docs/guide/tuning.md. */
class TuningGuideTest {

    private static final Path GUIDE = Path.of("../docs/guide/tuning.md");
    private static final Path OPTIONS = Path.of("../docs/reference/options.md");
    private static final Pattern SNIPPET = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern BLOCK = Pattern.compile("```hocon\n(.*?)```", Pattern.DOTALL);
    private static final Pattern ROW = Pattern.compile("(?m)^\\| [^|]+ \\| [^|]+ \\| ([^|]+) \\|$");
    private static final Pattern CODE = Pattern.compile("`([a-z.-]+)(?: = [A-Z0-9]+)?`");

    static WorkerScript script() {
        return WorkerScript.standard().with("count_words", call -> new Reaction.Reply(4));
    }

    private static String stripped(String text) {
        return text.lines().map(String::strip).collect(Collectors.joining("\n"));
    }

    @Test
    void howManyWorkers() {
        PoolConfig config = PoolConfig.builder()
                .handlers("handlers.py")
                .workers(12)
                .computeThreads(1)
                .queueCapacity(500)
                .callTimeout(Duration.ofSeconds(5))
                .build();

        assertThat(config.sizing().workers()).isEqualTo(12);
    }

    @Test
    void preloading() {
        PoolConfig config = PoolConfig.builder()
                .handlers("handlers.py")
                .template(template -> template.preload("numpy", "scipy.linalg"))
                .build();

        assertThat(config.template().isOn()).isTrue();
    }

    @VivariumTest
    void whereTheTimeGoes(PythonPool pool) throws Exception {
        PendingCall<Integer> call = pool.call(PythonCall.to("count_words")
                .args("to be or not")
                .returning(Integer.class)
                .timed());
        int words = call.await();
        CallTimeline times = call.timeline().orElseThrow();
        Duration waited = times.queueWait().orElseThrow();

        assertThat(words).isEqualTo(4);
        assertThat(waited).isGreaterThanOrEqualTo(Duration.ZERO);
    }

    @Test
    void handlersThatLeak() {
        PoolConfig config = PoolConfig.builder()
                .handlers("handlers.py")
                .recycling(recycling -> recycling.maxCalls(10_000).maxAge(Duration.ofHours(6)))
                .build();

        assertThat(config.recycling().maxCalls()).isEqualTo(10_000);
    }

    @Test
    void aPoolThatEndsQuickly() {
        PoolConfig config = PoolConfig.builder()
                .handlers("handlers.py")
                .drain(drain -> drain.queued(DrainPolicy.Queued.REFUSE).timeout(Duration.ofSeconds(2)))
                .build();

        assertThat(config.drain().queued()).isEqualTo(DrainPolicy.Queued.REFUSE);
    }

    @Test
    void aPoolWithoutSafeguards() throws Exception {
        PoolConfig config = PoolConfig.builder()
                .handlers("handlers.py")
                .profile(Profile.PLAIN)
                .withSafeguards(Safeguard.HEALTH_CHECKS)
                .mode(PoolMode.AUTO)
                .build();

        String block = BLOCK.matcher(Files.readString(GUIDE))
                .results()
                .map(found -> found.group(1))
                .findFirst()
                .orElseThrow();
        PoolConfig read =
                PoolConfig.fromConfig(ConfigFactory.parseString(block)).build();
        assertThat(read.operation()).isEqualTo(config.operation());
    }

    @Test
    void theGuideShowsWhatIsRunHere() throws Exception {
        String source = stripped(Files.readString(Path.of("src/test/java/dev/vivarium/examples/TuningGuideTest.java")));
        List<String> snippets = SNIPPET.matcher(Files.readString(GUIDE))
                .results()
                .map(found -> stripped(found.group(1)))
                .toList();

        assertThat(snippets).hasSize(6).allSatisfy(snippet -> assertThat(source).contains(snippet));
    }

    @Test
    void theGuideNamesOptionsThatThereAre() throws Exception {
        String options = Files.readString(OPTIONS);
        List<String> named = ROW.matcher(Files.readString(GUIDE))
                .results()
                .map(row -> row.group(1))
                .flatMap(cell -> CODE.matcher(cell).results())
                .map((MatchResult found) -> found.group(1))
                .filter(name -> !name.startsWith("service-requests") && !name.startsWith("vivarium."))
                .toList();

        assertThat(named)
                .hasSizeGreaterThan(15)
                .allSatisfy(name -> assertThat(options).contains("| `" + name + "` |"));
    }
}
