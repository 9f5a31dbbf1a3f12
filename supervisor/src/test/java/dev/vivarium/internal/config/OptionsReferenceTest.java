package dev.vivarium.internal.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.vivarium.InvalidPoolConfig;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolConfigBuilder;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code reference.conf} tells the truth about every option, and docs/reference/options.md is made from it. */
class OptionsReferenceTest {

    private static final Path PAGE = Path.of("../docs/reference/options.md");
    private static final Path SOURCES = Path.of("src/main/java/dev/vivarium");

    /** Set to 1, the page is written and not compared. */
    private static final String WRITE = "VIVARIUM_WRITE_DOCS";

    private static final String HEAD = """
            # Every option of a pool

            This page is made from the comments in `supervisor/src/main/resources/reference.conf`; `OptionsReferenceTest` compares
            the two, sets each option to the ends of its range and beyond, and writes the page anew with
            `VIVARIUM_WRITE_DOCS=1 mvn -pl supervisor -am test -Dtest=OptionsReferenceTest -Dsurefire.failIfNoSpecifiedTests=false`.
            How options are given is told in [configuration](configuration.md), and which to turn in [tuning](../guide/tuning.md).

            Keys belong into the block `vivarium.pool`; "in Java" is the method of `PoolConfigBuilder`. The ends of a range are
            part of it. Constants are written in any case, with `-` or `_`. "Read by" names the class, below `dev.vivarium.internal`,
            that acts on the option.

            | key | in Java | unit | default | range | read by | what it is |
            |---|---|---|---|---|---|---|
            """;

    private static final String FOOT = """

            ## Only in Java

            | method | default | read by | what it is |
            |---|---|---|---|
            | `callbackExecutor(Executor)` | one of the pool's own | `CallbackExecutor` | where callers' callbacks run |
            | `objectMapper(ObjectMapper)` | a plain one | `PoolContext` | what converts arguments and results; copied and hardened |
            | `eventListener(Consumer<PoolEvent>)` | none | `Reporter` | who is told every event, on the pool's event thread |
            """;

    /** Options that must be set with another, lest their ends contradict its default. */
    private static final Map<String, String> WITH = Map.of(
            "overflow", "workers = 1",
            "min-ready", "workers = 4",
            "min-backoff", "max-backoff = 1 day",
            "max-backoff", "min-backoff = 1 ms",
            "retry.min-delay", "retry.max-delay = 1 day",
            "retry.max-delay", "retry.min-delay = 0 ms",
            "sessions.ttl", "sessions.state-ttl = 365 days",
            "sessions.state-ttl", "sessions.ttl = 10 ms",
            "sessions.store", "sessions.file = sessions.mv");

    private static Config pool(String options) {
        return ConfigFactory.parseString("vivarium.pool { handlers = [h.py]\n" + options + " }");
    }

    private static void set(ReferencedOption option, String value) {
        PoolConfig.fromConfig(pool(WITH.getOrDefault(option.key(), "") + "\n" + option.key() + " = " + value))
                .build();
    }

    @Test
    void everyOptionHasItsPlaceAndNothingElseHas() throws IOException {
        assertThat(ReferencedOption.all())
                .extracting(ReferencedOption::key)
                .containsExactlyInAnyOrderElementsOf(ConfigBlock.keys());
    }

    @Test
    void everyOptionSaysWhatItIs() throws IOException {
        assertThat(ReferencedOption.all())
                .allSatisfy(option -> assertThat(option.what()).as(option.key()).matches("[A-Z].{10,}\\."));
    }

    @Test
    void everyOptionIsAMethodOfTheBuilder() throws IOException {
        assertThat(ReferencedOption.all()).allSatisfy(option -> {
            List<Method> methods = Arrays.stream(PoolConfigBuilder.class.getMethods())
                    .filter(method -> method.getName().equals(option.method()))
                    .toList();
            assertThat(methods).as(option.method()).isNotEmpty();
            if (!option.part().isEmpty()) {
                Class<?> policy = PoolConfig.class.getMethod(option.method()).getReturnType();
                assertThat(policy.getMethods()).extracting(Method::getName).contains(option.part());
            }
        });
    }

    @Test
    void itsDefaultsAreThoseOfTheBuilder() {
        ObjectMapper mapper = new ObjectMapper();
        Config reference = ConfigFactory.defaultReference().withOnlyPath("vivarium");

        PoolConfig read = PoolConfig.fromConfig(reference)
                .handlers("h.py")
                .objectMapper(mapper)
                .build();

        assertThat(read)
                .isEqualTo(PoolConfig.builder()
                        .handlers("h.py")
                        .objectMapper(mapper)
                        .build());
        assertThat(reference.getConfig("vivarium.pool").root()).hasSizeGreaterThan(30);
    }

    @Test
    void everyRangeIsWhatIsAccepted() throws IOException {
        List<ReferencedOption> ranged = ReferencedOption.all().stream()
                .filter(option -> option.range().contains(" to "))
                .toList();

        assertThat(ranged).hasSizeGreaterThan(40).allSatisfy(option -> {
            String[] ends = option.range().replace("to workers", "to 4").split(" to ", -1);
            assertThatCode(() -> set(option, End.at(option, ends[0], 0)))
                    .as(option.key())
                    .doesNotThrowAnyException();
            assertThatCode(() -> set(option, End.at(option, ends[1], 0)))
                    .as(option.key())
                    .doesNotThrowAnyException();
            assertThatThrownBy(() -> set(option, End.at(option, ends[0], -1)))
                    .as(option.key())
                    .isInstanceOf(InvalidPoolConfig.class);
            assertThatThrownBy(() -> set(option, End.at(option, ends[1], 1)))
                    .as(option.key())
                    .isInstanceOf(InvalidPoolConfig.class);
        });
    }

    /** Values at the ends of ranges, and one step beyond. */
    private static final class End {

        static String at(ReferencedOption option, String end, int beyond) {
            return switch (option.unit()) {
                case "time" ->
                    ConfigFactory.parseString("x = " + end).getDuration("x").toNanos() + beyond * 1_000_000L + " ns";
                case "bytes" -> ConfigFactory.parseString("x = " + end).getBytes("x") + beyond + " B";
                case "share" -> String.valueOf(Double.parseDouble(end) + 0.001 * beyond);
                case "sources" ->
                    Collections.nCopies(Integer.parseInt(end) + beyond, "h.py").toString();
                default -> String.valueOf(Long.parseLong(end) + beyond);
            };
        }
    }

    @Test
    void everyConstantIsAccepted() throws IOException {
        List<ReferencedOption> chosen = ReferencedOption.all().stream()
                .filter(option -> option.range().matches("[A-Za-z_]+(, [A-Za-z_]+)+"))
                .toList();

        assertThat(chosen).hasSizeGreaterThan(8).allSatisfy(option -> {
            boolean list = option.value().equals("[]");
            for (String constant : option.range().split(", ", -1)) {
                assertThatCode(() -> set(option, list ? "[" + constant + "]" : constant))
                        .as(option.key() + " = " + constant)
                        .doesNotThrowAnyException();
            }
            assertThatThrownBy(() -> set(option, list ? "[other]" : "other")).isInstanceOf(InvalidPoolConfig.class);
        });
    }

    @Test
    void everyOptionIsReadByTheClassThatIsNamed() throws IOException {
        Map<String, Path> sources;
        try (Stream<Path> files = Files.walk(SOURCES)) {
            sources = files.filter(file -> file.toString().contains("internal"))
                    .collect(Collectors.toMap(
                            file -> file.getFileName().toString(), file -> file, (first, second) -> first));
        }

        assertThat(ReferencedOption.all()).allSatisfy(option -> {
            Path source = sources.get(option.reader() + ".java");
            assertThat(source).as(option.reader()).isNotNull();
            assertThat(Files.readString(source)).as(option.key()).contains("." + option.accessor() + "()");
        });
    }

    @Test
    void thePageIsMadeFromIt() throws IOException {
        String page = HEAD
                + ReferencedOption.all().stream().map(ReferencedOption::row).collect(Collectors.joining("\n", "", "\n"))
                + FOOT;

        if ("1".equals(System.getenv(WRITE))) {
            Files.writeString(PAGE, page);
        }

        assertThat(PAGE).content().as("set " + WRITE + "=1 to write it").isEqualTo(page);
    }
}
