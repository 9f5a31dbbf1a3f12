package dev.vivarium.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.vivarium.FunctionCall;
import dev.vivarium.FunctionPolicy;
import dev.vivarium.PoolConfig;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of docs/guide/callbacks.md. */
class CallbacksGuideTest {

    private static final Path GUIDE = Path.of("../docs/guide/callbacks.md");
    private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern PYTHON = Pattern.compile("```python\n(.*?)```", Pattern.DOTALL);
    private static final Pattern BLOCK = Pattern.compile("```hocon\n(.*?)```", Pattern.DOTALL);

    @TempDir
    private Path folder;

    private final Map<Integer, String> users = Map.of(1, "Ada", 2, "Grace");

    private Object nameOf(FunctionCall call) {
        String name = users.get(call.argument(0, Integer.class));
        if (name == null) {
            throw new IllegalArgumentException("there is no such user");
        }
        return name;
    }

    private static List<String> snippets(Pattern language) throws Exception {
        return language.matcher(Files.readString(GUIDE))
                .results()
                .map(match -> match.group(1))
                .toList();
    }

    private static String stripped(String text) {
        return text.lines().map(String::strip).collect(Collectors.joining("\n"));
    }

    /** Starts a pool with the handlers that the guide shows. */
    private PythonPool start(PoolConfig config) throws Exception {
        Path handlers = folder.resolve("greetings.py");
        Files.writeString(handlers, "import asyncio\n" + String.join("\n", snippets(PYTHON)));
        return PythonPool.start(config.toBuilder()
                .handlers(handlers.toString())
                .workers(1)
                .runtimeDirectory(folder)
                .build());
    }

    @Test
    void aFunction() throws Exception {
        PoolConfig config = PoolConfig.builder()
                .handlers("greetings.py")
                .function("name_of", call -> users.get(call.argument(0, Integer.class)))
                .build();

        try (PythonPool pool = start(config)) {
            assertThat(pool.call("greet", String.class, 1).await()).isEqualTo("Hello Ada");
            assertThat(pool.call("greet_all", String[].class, List.of(1, 2)).await())
                    .containsExactly("Ada", "Grace");
        }
    }

    private String greeted(PythonPool pool) throws InterruptedException {
        try {
            pool.call("greet", String.class, 7).await();
        } catch (PythonException e) {
            return "not greeted: " + e.getCause().getMessage();
        }
        return "greeted";
    }

    @Test
    void whereItRunsAndErrors() throws Exception {
        ExecutorService databaseThreads = Executors.newSingleThreadExecutor();
        PoolConfig config = PoolConfig.builder()
                .handlers("greetings.py")
                .functions(all -> all.executor(databaseThreads).with("name_of", this::nameOf))
                .build();

        try (PythonPool pool = start(config)) {
            assertThat(pool.call("greet", String.class, 2).await()).isEqualTo("Hello Grace");
            assertThat(greeted(pool)).isEqualTo("not greeted: there is no such user");
        } finally {
            databaseThreads.shutdown();
        }
    }

    @Test
    void bounds() throws Exception {
        PoolConfig config = PoolConfig.fromConfig(
                        ConfigFactory.parseString(snippets(BLOCK).get(0)))
                .handlers("handlers.py")
                .build();

        assertThat(config.functions()).isEqualTo(new FunctionPolicy(Map.of(), null, 8, 100, 10, 256 << 10));
    }

    @Test
    void everySnippetIsCompiledHere() throws Exception {
        String source =
                stripped(Files.readString(Path.of("src/test/java/dev/vivarium/examples/CallbacksGuideTest.java")));

        assertThat(snippets(JAVA).stream().map(CallbacksGuideTest::stripped))
                .hasSize(3)
                .allSatisfy(snippet -> assertThat(source).contains(snippet));
    }
}
