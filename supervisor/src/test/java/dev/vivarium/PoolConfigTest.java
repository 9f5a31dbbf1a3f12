package dev.vivarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.typesafe.config.ConfigFactory;
import dev.vivarium.internal.config.ConfigBlock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PoolConfigTest {

    @Test
    void reportsAllProblemsAtOnceWithRuleAndValue() {
        InvalidPoolConfig error = catchThrowableOfType(
                InvalidPoolConfig.class,
                () -> PoolConfig.builder()
                        .name("no spaces")
                        .workers(0)
                        .minReady(7)
                        .callTimeout(Duration.ZERO)
                        .minBackoff(Duration.ofSeconds(2))
                        .maxBackoff(Duration.ofSeconds(1))
                        .environment("VIVARIUM_RUN", "x")
                        .build());

        assertThat(error.problems()).hasSize(7);
        assertThat(error)
                .hasMessageContaining("workers must be 1 to 1024, got 0")
                .hasMessageContaining("7 problems");
    }

    @Test
    void survivesABuilder() {
        PoolConfig config = PoolConfig.builder()
                .handlers("a.py")
                .workers(3)
                .environment("A", "b")
                .build();

        assertThat(config.toBuilder().build()).isEqualTo(config);
    }

    @Test
    void isReadFromABlock() {
        PoolConfig config =
                PoolConfig.fromConfig(ConfigFactory.parseString("""
                        vivarium.pool {
                          name = words
                          handlers = ["words.py"]
                          workers = 3
                          call-timeout = 250ms
                          start-mode = lazy
                          max-body-bytes = 2 MiB
                          environment { TOKENIZERS_PARALLELISM = false }
                        }
                        """)).build();

        assertThat(config.name()).isEqualTo("words");
        assertThat(config.calls().timeout()).isEqualTo(Duration.ofMillis(250));
        assertThat(config.sizing().startMode()).isEqualTo(StartMode.LAZY);
        assertThat(config.calls().limits().maxBodyBytes()).isEqualTo(2 << 20);
        assertThat(config.interpreter().environment()).containsEntry("TOKENIZERS_PARALLELISM", "false");
    }

    @Test
    void rejectsUnknownKeysAndWrongTypesAllAtOnce() {
        assertThatThrownBy(() -> PoolConfig.fromConfig(
                        ConfigFactory.parseString("vivarium.pool { workerz = 3, workers = many, start-mode = soon }")))
                .isInstanceOfSatisfying(
                        InvalidPoolConfig.class, e -> assertThat(e.problems()).hasSize(3))
                .hasMessageContaining("unknown key 'vivarium.pool.workerz'");
        assertThatThrownBy(() -> PoolConfig.fromConfig(ConfigFactory.empty())).hasMessageContaining("no block");
    }

    @Test
    void rejectsWhatTheLibraryWouldBend() {
        assertThatThrownBy(() -> PoolConfig.fromConfig(ConfigFactory.parseString("""
                        vivarium {
                          wrokers = 2
                          pool { workers = 1.9, environment { a.b = 1 } }
                        }
                        """)))
                .isInstanceOfSatisfying(
                        InvalidPoolConfig.class, e -> assertThat(e.problems()).hasSize(3))
                .hasMessageContaining("unknown key 'vivarium.wrokers'")
                .hasMessageContaining("must be a whole number, got 1.9")
                .hasMessageContaining("a name with dots must be quoted");
    }

    @Test
    void leavesSystemPropertiesOfOthersAlone() {
        System.setProperty("vivarium.somebody.else", "1");
        ConfigFactory.invalidateCaches();
        try {
            assertThat(PoolConfig.fromConfig(ConfigFactory.load())).isNotNull();
        } finally {
            System.clearProperty("vivarium.somebody.else");
            ConfigFactory.invalidateCaches();
        }
    }

    @Test
    void namesEveryOptionThatIsMissing() {
        assertThatThrownBy(() -> PoolConfig.builder()
                        .handlers("h.py")
                        .name(null)
                        .startMode(null)
                        .callTimeout(null)
                        .build())
                .hasMessageContaining("name must not be null")
                .hasMessageContaining("startMode must not be null")
                .hasMessageContaining("callTimeout must not be null");
        assertThatThrownBy(() -> PoolConfig.builder()
                        .handlers("h.py")
                        .environment("A", "b\0c")
                        .build())
                .hasMessageContaining("NUL");
    }

    @Test
    void hasAKeyForEveryOptionThatCanBeWritten() {
        Set<String> options = Arrays.stream(PoolConfigBuilder.class.getDeclaredMethods())
                .filter(method -> method.getReturnType() == PoolConfigBuilder.class)
                .map(method -> method.getName().replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT))
                .filter(name -> !Set.of("callback-executor", "object-mapper", "event-listener", "session-store")
                        .contains(name))
                .collect(Collectors.toSet());

        Set<String> keys = ConfigBlock.keys().stream()
                .map(key -> key.replaceFirst("\\..*", "")) // A group is one method.
                .collect(Collectors.toSet());
        assertThat(keys).containsExactlyInAnyOrderElementsOf(options);
    }

    @Test
    void hasAKeyForEveryPartOfAGroup() {
        Map<String, Class<?>> groups = Map.of(
                "retry",
                RetryPolicy.class,
                "circuit-breaker",
                CircuitBreakerPolicy.class,
                "poison",
                PoisonPolicy.class,
                "sessions",
                SessionPolicy.class);

        groups.forEach((group, type) -> assertThat(ConfigBlock.keys())
                .containsAll(Arrays.stream(type.getRecordComponents())
                        .map(part -> group + "."
                                + part.getName().replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT))
                        .toList()));
    }

    @Test
    void readsAGroupAndNamesAnUnknownPartOfIt() {
        PoolConfig read = PoolConfig.fromConfig(ConfigFactory.parseString(
                        "vivarium.pool { handlers = [h.py], retry { growth = linear, burst = 3 }, poison.deaths = 2 }"))
                .build();

        assertThat(read.retry().growth()).isEqualTo(RetryPolicy.Growth.LINEAR);
        assertThat(read.retry().burst()).isEqualTo(3);
        assertThat(read.poison().deaths()).isEqualTo(2);
        assertThatThrownBy(() -> PoolConfig.fromConfig(ConfigFactory.parseString("vivarium.pool.retry.brust = 3")))
                .hasMessageContaining("unknown key 'vivarium.pool.retry.brust'");
    }

    @Test
    void leavesRoomForTheReplacementOfAWorker() {
        PoolConfigBuilder full =
                PoolConfig.builder().handlers("h.py").workers(1000).overflow(24);

        assertThat(full.build().sizing().workers()).isEqualTo(1000);
        assertThatThrownBy(
                        () -> full.recycling(recycling -> recycling.maxCalls(5)).build())
                .hasMessageContaining("recycling needs room for one more worker");
    }

    @Test
    void checksTheGroupsTogetherWithTheRest() {
        assertThatThrownBy(() -> PoolConfig.builder()
                        .handlers("h.py")
                        .tailLines(-1)
                        .retry(retry -> retry.maxDelay(Duration.ofMillis(1)).jitter(2))
                        .circuitBreaker(breaker -> breaker.halfOpenCalls(0))
                        .poison(poison -> poison.deaths(0))
                        .build())
                .isInstanceOfSatisfying(
                        InvalidPoolConfig.class,
                        error -> assertThat(error.problems()).hasSize(5));
    }

    @Test
    void hasEveryKeyInTheReference() throws Exception {
        String reference = Files.readString(Path.of("../docs/reference/configuration.md"));

        assertThat(ConfigBlock.keys()).allSatisfy(key -> assertThat(reference).contains("| `" + key + "` |"));
    }
}
