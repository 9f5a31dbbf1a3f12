package dev.vivarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.typesafe.config.ConfigFactory;
import dev.vivarium.internal.config.ConfigBlock;
import dev.vivarium.session.Durability;
import dev.vivarium.session.MemorySessionStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
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
                .filter(name -> !Set.of(
                                "callback-executor", "function", "object-mapper", "event-listener", "session-store")
                        .contains(name))
                .collect(Collectors.toSet());

        Set<String> keys = ConfigBlock.keys().stream()
                .map(key -> key.replaceFirst("\\..*", "")) // A group is one method.
                .collect(Collectors.toSet());
        assertThat(keys).containsExactlyInAnyOrderElementsOf(options);
    }

    @Test
    void namesEverythingThatIsWrongWithFunctions() {
        PoolConfigBuilder wrong = PoolConfig.builder()
                .handlers("handlers.py")
                .function(" ", call -> 1)
                .functions(all ->
                        all.threads(0).maxInFlight(0).maxPerWorker(10_001).maxBytes(1));

        InvalidPoolConfig error = catchThrowableOfType(InvalidPoolConfig.class, wrong::build);

        assertThat(error.problems())
                .containsExactly(
                        "a function's name must have 1 to 200 characters, got ' '",
                        "functions.threads must be 1 to 1024, got 0",
                        "functions.maxInFlight must be 1 to 100000, got 0",
                        "functions.maxPerWorker must be 1 to 10000, got 10001",
                        "functions.maxBytes must be 1024 to 1073741824, got 1");
    }

    @Test
    void hasAKeyForEveryPartOfAGroup() {
        Map<String, Class<?>> groups = Map.ofEntries(
                Map.entry("retry", RetryPolicy.class),
                Map.entry("circuit-breaker", CircuitBreakerPolicy.class),
                Map.entry("poison", PoisonPolicy.class),
                Map.entry("probes", ProbePolicy.class),
                Map.entry("outliers", OutlierPolicy.class),
                Map.entry("recycling", RecyclePolicy.class),
                Map.entry("memory", MemoryPolicy.class),
                Map.entry("alerts", AlertPolicy.class),
                Map.entry("recovery", RecoveryPolicy.class),
                Map.entry("drain", DrainPolicy.class),
                Map.entry("sessions", SessionPolicy.class));

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
    void readsAndChecksWhatConcernsHealth() {
        PoolConfig read = PoolConfig.fromConfig(ConfigFactory.parseString("""
                        vivarium.pool {
                          handlers = [h.py]
                          stall-timeout = 3s
                          probes { interval = 2s, successes = 5 }
                          outliers { enabled = false, error-rate = 0.8, factor = 2, min-calls = 7, window = 5s
                                     max-ejected = 0.1, eject-for = 9s }
                        }
                        """)).build();

        assertThat(read.health().stallTimeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(read.probes()).isEqualTo(new ProbePolicy(Duration.ofSeconds(2), 5));
        assertThat(read.outliers())
                .isEqualTo(new OutlierPolicy(false, 0.8, 2, 7, Duration.ofSeconds(5), 0.1, Duration.ofSeconds(9)));
        assertThat(read.toBuilder().build()).isEqualTo(read);
        assertThatThrownBy(() -> PoolConfig.builder()
                        .handlers("h.py")
                        .stallTimeout(Duration.ofSeconds(-1))
                        .probes(probes -> probes.interval(Duration.ZERO).successes(0))
                        .outliers(outliers -> outliers.errorRate(0)
                                .factor(0.5)
                                .minCalls(0)
                                .window(Duration.ZERO)
                                .maxEjected(1.1)
                                .ejectFor(Duration.ZERO))
                        .build())
                .isInstanceOfSatisfying(
                        InvalidPoolConfig.class,
                        error -> assertThat(error.problems()).hasSize(9))
                .hasMessageContaining("outliers.errorRate must be 0.01 to 1, got 0.0");
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
    void readsWhatIsPreloaded() {
        PoolConfig read = PoolConfig.fromConfig(ConfigFactory.parseString("""
                        vivarium.pool {
                          handlers = [h.py, pack.age]
                          template { preload = [numpy, scipy.linalg], handlers = true, fork-safe = [numpy, pack.age], spares = 3 }
                        }
                        """)).build();

        assertThat(read.template())
                .isEqualTo(new TemplatePolicy(
                        false, List.of("numpy", "scipy.linalg"), true, List.of("numpy", "pack.age"), 3, false));
        assertThat(read.template().isOn()).isTrue();
        assertThat(PoolConfig.builder().handlers("h.py").build().template().isOn())
                .isFalse();
        assertThat(read.toBuilder().build()).isEqualTo(read);
    }

    @Test
    void refusesATemplateThatCannotBe() {
        assertThatThrownBy(() -> PoolConfig.builder()
                        .handlers("h.py")
                        .template(template -> template.preload("h.py", " ", "numpy")
                                .forkSafe(List.of("numpy", "h.py"))
                                .spares(65))
                        .build())
                .isInstanceOfSatisfying(
                        InvalidPoolConfig.class,
                        error -> assertThat(error.problems())
                                .containsExactly(
                                        "template.spares must be 0 to 64, got 65",
                                        "template.preload takes names of modules, such as numpy.linalg, got 'h.py'",
                                        "template.preload takes names of modules, such as numpy.linalg, got ' '"));
        assertThatThrownBy(() -> PoolConfig.builder()
                        .handlers("h.py")
                        .template(template -> template.preload(Collections.nCopies(101, "numpy")))
                        .build())
                .hasMessageContaining("template.preload must be 0 to 100, got 101");
        assertThatThrownBy(() -> PoolConfig.builder()
                        .handlers("h.py")
                        .template(template -> template.preload("numpy").forkSafe(List.of("h.py")))
                        .build())
                .hasMessageContaining("template.forkSafe names 'h.py', which is not preloaded");
    }

    @Test
    void readsWhereSessionsAreKept() {
        PoolConfig read = PoolConfig.fromConfig(ConfigFactory.parseString("""
                        vivarium.pool {
                          handlers = [h.py]
                          sessions { store = file, file = "/somewhere/sessions.mv", durability = relaxed(200 ms) }
                        }
                        """)).build();

        assertThat(read.sessions().store()).isEqualTo(SessionPolicy.Store.FILE);
        assertThat(read.sessions().file()).isEqualTo(Path.of("/somewhere/sessions.mv"));
        assertThat(read.sessions().durability()).isEqualTo(Durability.relaxed(Duration.ofMillis(200)));
        assertThat(read.toBuilder().build()).isEqualTo(read);
    }

    @Test
    void refusesAStoreOfSessionsThatCannotBe() {
        assertThatThrownBy(() -> PoolConfig.builder()
                        .handlers("h.py")
                        .sessionStore(new MemorySessionStore(1000, 1000))
                        .sessions(sessions -> sessions.store(SessionPolicy.Store.FILE))
                        .build())
                .hasMessageContaining("sessions.file must be set where sessions.store is FILE")
                .hasMessageContaining("sessions.store must be MEMORY where sessionStore is set, got FILE");
        for (String durability : List.of("relaxed", "relaxed(2 hours)", "relaxed(0 ms)", "relaxed(soon)", "always")) {
            assertThatThrownBy(() -> PoolConfig.fromConfig(
                            ConfigFactory.parseString("vivarium.pool.sessions.durability = \"" + durability + "\"")))
                    .as(durability)
                    .isInstanceOf(InvalidPoolConfig.class)
                    .hasMessageContaining("vivarium.pool.sessions.durability: ");
        }
    }

    @Test
    void readsSizesOfMemory() {
        PoolConfig read = PoolConfig.fromConfig(ConfigFactory.parseString("""
                        vivarium.pool {
                          handlers = [h.py]
                          memory { limit = 2 GiB, interval = 250ms, measured = true }
                          recycling.max-memory = 1500m
                        }
                        """)).build();

        assertThat(read.memory()).isEqualTo(new MemoryPolicy(2L << 30, Duration.ofMillis(250), true));
        assertThat(read.recycling().maxMemory()).isEqualTo(1500L << 20);
        assertThat(read.toBuilder().build().memory()).isEqualTo(read.memory());
    }

    @Test
    void checksLimitsOfMemory() {
        PoolConfigBuilder bad = PoolConfig.builder()
                .handlers("h.py")
                .memory(memory -> memory.limit(1000).interval(Duration.ofMillis(1)))
                .recycling(recycling -> recycling.maxMemory(2L << 50));

        assertThatThrownBy(bad::build)
                .isInstanceOfSatisfying(
                        InvalidPoolConfig.class,
                        error -> assertThat(error.problems()).hasSize(4))
                .hasMessageContaining("memory.limit must be 0 or 16777216 to 1125899906842624 bytes, got 1000")
                .hasMessageContaining("recycling.maxMemory must be < memory.limit=1000, got 2251799813685248")
                .hasMessageContaining("memory.interval must be PT0.05S to PT1H, got PT0.001S");
        assertThatThrownBy(() -> PoolConfig.builder()
                        .handlers("h.py")
                        .workers(1024)
                        .recycling(recycling -> recycling.maxMemory(1L << 30))
                        .build())
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
    void rejectsOptionsThatHaveNoEffectOrContradictEachOtherAllAtOnce() {
        assertThatThrownBy(() ->
                        PoolConfig.fromConfig(ConfigFactory.parseString("""
                        vivarium.pool {
                          handlers = [h.py]
                          mode = single
                          workers = 4
                          overflow = 2
                          recycling.max-calls = 10
                          profile = plain
                          poison.deaths = 5
                          max-retries = 7
                          health-interval = 1s
                          circuit-breaker.enabled = false
                          with-safeguards = [recycling, circuit-breakers, alerts]
                          without-safeguards = [alerts]
                        }
                        """)).build())
                .isInstanceOfSatisfying(
                        InvalidPoolConfig.class, e -> assertThat(e.problems()).hasSize(8))
                .hasMessageContaining("mode SINGLE has one worker, got workers=4")
                .hasMessageContaining("mode SINGLE has no overflow, got overflow=2")
                .hasMessageContaining("mode SINGLE never has two workers")
                .hasMessageContaining("must not name the same, got [ALERTS]")
                .hasMessageContaining("but circuitBreaker.enabled is false")
                .hasMessageContaining("has no effect: POISON_CALLS is off in profile PLAIN")
                .hasMessageContaining("maxRetries=7 has no effect: RETRIES is off")
                .hasMessageContaining("healthInterval=PT1S has no effect: HEALTH_CHECKS is off");
    }

    @Test
    void rejectsAModeThatThereIsNot() {
        assertThatThrownBy(() -> PoolConfig.fromConfig(
                        ConfigFactory.parseString("vivarium.pool { mode = cluster, without-safeguards = [breakers] }")))
                .hasMessageContaining("must be one of [POOL, SINGLE, DISABLED, AUTO], got 'cluster'")
                .hasMessageContaining("got 'breakers'");
    }

    @Test
    void keepsModeAndSafeguardsThroughABuilder() {
        PoolConfig config = PoolConfig.builder()
                .handlers("h.py")
                .mode(PoolMode.SINGLE)
                .profile(Profile.PLAIN)
                .withSafeguards(Safeguard.ALERTS)
                .build();

        assertThat(config.toBuilder().build()).isEqualTo(config);
        assertThat(config.sizing().workers()).isEqualTo(1);
        assertThat(config.operation().has(Safeguard.ALERTS)).isTrue();
        assertThat(config.operation().has(Safeguard.RETRIES)).isFalse();
    }
}
