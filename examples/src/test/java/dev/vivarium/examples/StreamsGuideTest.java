package dev.vivarium.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.typesafe.config.ConfigFactory;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolConfig;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.StreamPolicy;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestPoolSpec;
import dev.vivarium.testkit.WorkerScript;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.Test;

/** The examples of docs/guide/streams.md. */
class StreamsGuideTest {

    private static final Path GUIDE = Path.of("../docs/guide/streams.md");
    private static final Pattern SNIPPET = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern BLOCK = Pattern.compile("```hocon\n(.*?)```", Pattern.DOTALL);
    private static final long LIMIT_S = 60;

    private interface Use {
        void of(PythonPool pool, ActorSystem<?> system) throws Exception;
    }

    private static Reaction parse() {
        return new Reaction.Take(line -> line == null
                ? new Reaction.Finish()
                : new Reaction.Yield(List.of(List.of(line.asText().split(",", -1))), parse()));
    }

    private static void withPool(Use use) throws Exception {
        WorkerScript script = WorkerScript.standard()
                .with(
                        "tokens",
                        call -> new Reaction.Yield(List.of("there", "was", "END", "more"), new Reaction.Finish()))
                .with("parse", call -> parse());
        try (TestPool kit = TestPool.start(
                        TestPoolSpec.of(Layer.FAKE).workers(1).script(script))
                .ensureReady()) {
            use.of(kit.pool(), kit.actors().system());
        }
    }

    private static <T> T done(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(LIMIT_S, TimeUnit.SECONDS);
    }

    private static String stripped(String text) {
        return text.lines().map(String::strip).collect(Collectors.joining("\n"));
    }

    @Test
    void aGeneratorAsASource() throws Exception {
        withPool((pool, system) -> {
            CompletionStage<List<String>> tokens = pool.stream("tokens", String.class, "once upon a time")
                    .takeWhile(token -> !token.equals("END"))
                    .runWith(Sink.seq(), system);

            assertThat(done(tokens)).containsExactly("there", "was");
        });
    }

    @Test
    void theViewOfItsCall() throws Exception {
        withPool((pool, system) -> {
            Queue<String> log = new ConcurrentLinkedQueue<>();

            Pair<PendingCall<Long>, CompletionStage<Done>> run = pool.stream(PythonCall.to("tokens")
                            .args("once upon a time")
                            .returning(String.class)
                            .timeout(Duration.ofMinutes(10)))
                    .toMat(Sink.foreach(token -> log.add(token)), Keep.both())
                    .run(system);

            assertThat(done(run.second())).isEqualTo(Done.getInstance());
            assertThat(log).containsExactly("there", "was", "END", "more");
            assertThat(run.first().await()).isEqualTo(4);
        });
    }

    @Test
    void time() throws Exception {
        withPool((pool, system) -> {
            Source<String, PendingCall<Long>> patient = pool.stream("tokens", String.class, "once upon a time")
                    .initialTimeout(Duration.ofSeconds(30)) // until the first item
                    .idleTimeout(Duration.ofSeconds(5)); // between two items

            assertThat(done(patient.runWith(Sink.seq(), system))).hasSize(4);
        });
    }

    @Test
    void feedingAHandler() throws Exception {
        withPool((pool, system) -> {
            CompletionStage<List<List<String>>> rows = Source.from(List.of("a,b", "c,d"))
                    .via(pool.<String, List<String>>streamThrough(
                            PythonCall.to("parse").returning(new TypeReference<List<String>>() {})))
                    .runWith(Sink.seq(), system);

            assertThat(done(rows)).containsExactly(List.of("a", "b"), List.of("c", "d"));
        });
    }

    @Test
    void options() throws Exception {
        String block = BLOCK.matcher(Files.readString(GUIDE))
                .results()
                .findFirst()
                .orElseThrow()
                .group(1);

        PoolConfig config = PoolConfig.fromConfig(ConfigFactory.parseString(block))
                .handlers("handlers.py")
                .build();

        assertThat(config.streams()).isEqualTo(new StreamPolicy(1000, 8 << 20, 100));
    }

    @Test
    void everySnippetIsCompiledHere() throws Exception {
        String source =
                stripped(Files.readString(Path.of("src/test/java/dev/vivarium/examples/StreamsGuideTest.java")));

        List<String> snippets = SNIPPET.matcher(Files.readString(GUIDE))
                .results()
                .map(match -> stripped(match.group(1)))
                .toList();

        assertThat(snippets).hasSize(4).allSatisfy(snippet -> assertThat(source).contains(snippet));
    }
}
