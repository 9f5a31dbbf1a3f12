package dev.vivarium.internal.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValueType;
import dev.vivarium.DrainPolicy;
import dev.vivarium.InvalidPoolConfig;
import dev.vivarium.OutputHandling;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolConfigBuilder;
import dev.vivarium.PoolMode;
import dev.vivarium.Profile;
import dev.vivarium.RetryPolicy;
import dev.vivarium.Safeguard;
import dev.vivarium.SessionMode;
import dev.vivarium.SessionPolicy;
import dev.vivarium.StartMode;
import dev.vivarium.session.Durability;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads {@code vivarium.pool}. Each key is an option of {@link PoolConfigBuilder}, in kebab case. */
public final class ConfigBlock {

    private static final String BLOCK = "vivarium.pool";

    private interface Setter {
        void set(PoolConfigBuilder builder, Config block, String key);
    }

    /** What {@code vivarium} may hold besides the options of the pool. */
    private static final List<String> PARTS = List.of("dispatcher", "pool");

    private static final Map<String, Setter> OPTIONS = new LinkedHashMap<>();

    static {
        OPTIONS.put("name", (b, c, k) -> b.name(c.getString(k)));
        OPTIONS.put("handlers", (b, c, k) -> b.handlers(c.getStringList(k)));
        OPTIONS.put("python", (b, c, k) -> b.python(c.getString(k)));
        OPTIONS.put("interpreter-arguments", (b, c, k) -> b.interpreterArguments(c.getStringList(k)));
        OPTIONS.put(
                "python-path",
                (b, c, k) ->
                        b.pythonPath(c.getStringList(k).stream().map(Path::of).toList()));
        OPTIONS.put("working-directory", (b, c, k) -> b.workingDirectory(Path.of(c.getString(k))));
        OPTIONS.put("environment", (b, c, k) -> {
            Map<String, String> variables = new LinkedHashMap<>();
            c.getObject(k).forEach((name, value) -> {
                if (value.valueType() == ConfigValueType.OBJECT || value.valueType() == ConfigValueType.LIST) {
                    throw new IllegalArgumentException(
                            "the value of '" + name + "' is not text; a name with dots must be quoted");
                }
                variables.put(name, String.valueOf(value.unwrapped()));
            });
            b.environment(variables);
        });
        OPTIONS.put("inherit-environment", (b, c, k) -> b.inheritEnvironment(c.getStringList(k)));
        OPTIONS.put("compute-threads", (b, c, k) -> b.computeThreads(whole(c, k)));
        OPTIONS.put("mode", (b, c, k) -> b.mode(constant(PoolMode.class, c, k)));
        OPTIONS.put("profile", (b, c, k) -> b.profile(constant(Profile.class, c, k)));
        OPTIONS.put("with-safeguards", (b, c, k) -> b.withSafeguards(safeguards(c, k)));
        OPTIONS.put("without-safeguards", (b, c, k) -> b.withoutSafeguards(safeguards(c, k)));
        OPTIONS.put("workers", (b, c, k) -> b.workers(whole(c, k)));
        OPTIONS.put("overflow", (b, c, k) -> b.overflow(whole(c, k)));
        OPTIONS.put("overflow-idle", (b, c, k) -> b.overflowIdle(c.getDuration(k)));
        OPTIONS.put("min-ready", (b, c, k) -> b.minReady(whole(c, k)));
        OPTIONS.put("start-mode", (b, c, k) -> b.startMode(constant(StartMode.class, c, k)));
        OPTIONS.put("queue-capacity", (b, c, k) -> b.queueCapacity(whole(c, k)));
        OPTIONS.put("call-timeout", (b, c, k) -> b.callTimeout(c.getDuration(k)));
        OPTIONS.put("max-retries", (b, c, k) -> b.maxRetries(whole(c, k)));
        OPTIONS.put("max-body-bytes", (b, c, k) -> b.maxBodyBytes(Math.toIntExact(c.getBytes(k))));
        OPTIONS.put("connect-timeout", (b, c, k) -> b.connectTimeout(c.getDuration(k)));
        OPTIONS.put("load-timeout", (b, c, k) -> b.loadTimeout(c.getDuration(k)));
        OPTIONS.put("stack-dump", (b, c, k) -> b.stackDump(c.getDuration(k)));
        OPTIONS.put("terminate-grace", (b, c, k) -> b.terminateGrace(c.getDuration(k)));
        OPTIONS.put("cancel-grace", (b, c, k) -> b.cancelGrace(c.getDuration(k)));
        OPTIONS.put("drain-grace", (b, c, k) -> b.drainGrace(c.getDuration(k)));
        OPTIONS.put("min-backoff", (b, c, k) -> b.minBackoff(c.getDuration(k)));
        OPTIONS.put("max-backoff", (b, c, k) -> b.maxBackoff(c.getDuration(k)));
        OPTIONS.put("backoff-jitter", (b, c, k) -> b.backoffJitter(c.getDouble(k)));
        OPTIONS.put("stable-after", (b, c, k) -> b.stableAfter(c.getDuration(k)));
        OPTIONS.put("retry.growth", (b, c, k) -> {
            RetryPolicy.Growth growth = constant(RetryPolicy.Growth.class, c, k);
            b.retry(retry -> retry.growth(growth));
        });
        OPTIONS.put("retry.min-delay", (b, c, k) -> b.retry(retry -> retry.minDelay(c.getDuration(k))));
        OPTIONS.put("retry.max-delay", (b, c, k) -> b.retry(retry -> retry.maxDelay(c.getDuration(k))));
        OPTIONS.put("retry.jitter", (b, c, k) -> b.retry(retry -> retry.jitter(c.getDouble(k))));
        OPTIONS.put("retry.budget", (b, c, k) -> b.retry(retry -> retry.budget(c.getDouble(k))));
        OPTIONS.put("retry.burst", (b, c, k) -> b.retry(retry -> retry.burst(whole(c, k))));
        OPTIONS.put(
                "recovery.max-concurrent", (b, c, k) -> b.recovery(recovery -> recovery.maxConcurrent(whole(c, k))));
        OPTIONS.put(
                "recovery.minor-budget", (b, c, k) -> b.recovery(recovery -> recovery.minorBudget(c.getDuration(k))));
        OPTIONS.put(
                "recovery.major-budget", (b, c, k) -> b.recovery(recovery -> recovery.majorBudget(c.getDuration(k))));
        OPTIONS.put(
                "recovery.critical-budget",
                (b, c, k) -> b.recovery(recovery -> recovery.criticalBudget(c.getDuration(k))));
        OPTIONS.put(
                "circuit-breaker.enabled", (b, c, k) -> b.circuitBreaker(breaker -> breaker.enabled(c.getBoolean(k))));
        OPTIONS.put(
                "circuit-breaker.failure-threshold",
                (b, c, k) -> b.circuitBreaker(breaker -> breaker.failureThreshold(whole(c, k))));
        OPTIONS.put(
                "circuit-breaker.success-threshold",
                (b, c, k) -> b.circuitBreaker(breaker -> breaker.successThreshold(whole(c, k))));
        OPTIONS.put(
                "circuit-breaker.open-for",
                (b, c, k) -> b.circuitBreaker(breaker -> breaker.openFor(c.getDuration(k))));
        OPTIONS.put(
                "circuit-breaker.half-open-calls",
                (b, c, k) -> b.circuitBreaker(breaker -> breaker.halfOpenCalls(whole(c, k))));
        OPTIONS.put("poison.deaths", (b, c, k) -> b.poison(poison -> poison.deaths(whole(c, k))));
        OPTIONS.put("poison.forget-after", (b, c, k) -> b.poison(poison -> poison.forgetAfter(c.getDuration(k))));
        OPTIONS.put("alerts.enabled", (b, c, k) -> b.alerts(alerts -> alerts.enabled(c.getBoolean(k))));
        OPTIONS.put("alerts.error-rate", (b, c, k) -> b.alerts(alerts -> alerts.errorRate(c.getDouble(k))));
        OPTIONS.put("alerts.min-calls", (b, c, k) -> b.alerts(alerts -> alerts.minCalls(whole(c, k))));
        OPTIONS.put("alerts.window", (b, c, k) -> b.alerts(alerts -> alerts.window(c.getDuration(k))));
        OPTIONS.put("alerts.open-circuits", (b, c, k) -> b.alerts(alerts -> alerts.openCircuits(whole(c, k))));
        OPTIONS.put("alerts.cooldown", (b, c, k) -> b.alerts(alerts -> alerts.cooldown(c.getDuration(k))));
        OPTIONS.put("alerts.log", (b, c, k) -> b.alerts(alerts -> alerts.log(c.getBoolean(k))));
        OPTIONS.put("recycling.max-calls", (b, c, k) -> b.recycling(recycling -> recycling.maxCalls(whole(c, k))));
        OPTIONS.put("recycling.max-age", (b, c, k) -> b.recycling(recycling -> recycling.maxAge(c.getDuration(k))));
        OPTIONS.put("recycling.max-memory", (b, c, k) -> b.recycling(recycling -> recycling.maxMemory(c.getBytes(k))));
        OPTIONS.put("recycling.jitter", (b, c, k) -> b.recycling(recycling -> recycling.jitter(c.getDouble(k))));
        OPTIONS.put(
                "attachments.max-bytes",
                (b, c, k) -> b.attachments(attachments -> attachments.maxBytes(Math.toIntExact(c.getBytes(k)))));
        OPTIONS.put(
                "attachments.shared-from",
                (b, c, k) -> b.attachments(attachments -> attachments.sharedFrom(Math.toIntExact(c.getBytes(k)))));
        OPTIONS.put(
                "attachments.max-shared-bytes",
                (b, c, k) -> b.attachments(attachments -> attachments.maxSharedBytes(c.getBytes(k))));
        OPTIONS.put(
                "attachments.shared-folder",
                (b, c, k) -> b.attachments(attachments -> attachments.sharedFolder(Path.of(c.getString(k)))));
        OPTIONS.put("memory.limit", (b, c, k) -> b.memory(memory -> memory.limit(c.getBytes(k))));
        OPTIONS.put("memory.interval", (b, c, k) -> b.memory(memory -> memory.interval(c.getDuration(k))));
        OPTIONS.put("memory.measured", (b, c, k) -> b.memory(memory -> memory.measured(c.getBoolean(k))));
        OPTIONS.put("template.enabled", (b, c, k) -> b.template(template -> template.enabled(c.getBoolean(k))));
        OPTIONS.put("template.preload", (b, c, k) -> b.template(template -> template.preload(c.getStringList(k))));
        OPTIONS.put("template.handlers", (b, c, k) -> b.template(template -> template.handlers(c.getBoolean(k))));
        OPTIONS.put("template.fork-safe", (b, c, k) -> b.template(template -> template.forkSafe(c.getStringList(k))));
        OPTIONS.put("template.spares", (b, c, k) -> b.template(template -> template.spares(whole(c, k))));
        OPTIONS.put("template.fallback", (b, c, k) -> b.template(template -> template.fallback(c.getBoolean(k))));
        OPTIONS.put("drain.queued", (b, c, k) -> {
            DrainPolicy.Queued queued = constant(DrainPolicy.Queued.class, c, k);
            b.drain(drain -> drain.queued(queued));
        });
        OPTIONS.put("drain.timeout", (b, c, k) -> b.drain(drain -> drain.timeout(c.getDuration(k))));
        OPTIONS.put("drain.shutdown-timeout", (b, c, k) -> b.drain(drain -> drain.shutdownTimeout(c.getDuration(k))));
        OPTIONS.put("streams.window-items", (b, c, k) -> b.streams(streams -> streams.windowItems(whole(c, k))));
        OPTIONS.put("streams.window-bytes", (b, c, k) -> b.streams(streams -> streams.windowBytes(c.getBytes(k))));
        OPTIONS.put("functions.threads", (b, c, k) -> b.functions(functions -> functions.threads(whole(c, k))));
        OPTIONS.put(
                "functions.max-in-flight", (b, c, k) -> b.functions(functions -> functions.maxInFlight(whole(c, k))));
        OPTIONS.put(
                "functions.max-per-worker", (b, c, k) -> b.functions(functions -> functions.maxPerWorker(whole(c, k))));
        OPTIONS.put(
                "functions.max-bytes",
                (b, c, k) -> b.functions(functions -> functions.maxBytes(Math.toIntExact(c.getBytes(k)))));
        OPTIONS.put("streams.frame-items", (b, c, k) -> b.streams(streams -> streams.frameItems(whole(c, k))));
        OPTIONS.put("sessions.mode", (b, c, k) -> {
            SessionMode mode = constant(SessionMode.class, c, k);
            b.sessions(sessions -> sessions.mode(mode));
        });
        OPTIONS.put("sessions.ttl", (b, c, k) -> b.sessions(sessions -> sessions.ttl(c.getDuration(k))));
        OPTIONS.put("sessions.state-ttl", (b, c, k) -> b.sessions(sessions -> sessions.stateTtl(c.getDuration(k))));
        OPTIONS.put("sessions.max-bindings", (b, c, k) -> b.sessions(sessions -> sessions.maxBindings(whole(c, k))));
        OPTIONS.put("sessions.kept-answers", (b, c, k) -> b.sessions(sessions -> sessions.keptAnswers(whole(c, k))));
        OPTIONS.put(
                "sessions.max-state-bytes", (b, c, k) -> b.sessions(sessions -> sessions.maxStateBytes(c.getBytes(k))));
        OPTIONS.put(
                "sessions.max-total-bytes", (b, c, k) -> b.sessions(sessions -> sessions.maxTotalBytes(c.getBytes(k))));
        OPTIONS.put(
                "sessions.store-timeout", (b, c, k) -> b.sessions(sessions -> sessions.storeTimeout(c.getDuration(k))));
        OPTIONS.put(
                "sessions.close-timeout", (b, c, k) -> b.sessions(sessions -> sessions.closeTimeout(c.getDuration(k))));
        OPTIONS.put("sessions.store", (b, c, k) -> {
            SessionPolicy.Store store = constant(SessionPolicy.Store.class, c, k);
            b.sessions(sessions -> sessions.store(store));
        });
        OPTIONS.put("sessions.file", (b, c, k) -> {
            String file = c.getString(k);
            b.sessions(sessions -> file.isEmpty() ? sessions : sessions.file(Path.of(file)));
        });
        OPTIONS.put("sessions.durability", (b, c, k) -> {
            Durability durability = durability(c.getString(k));
            b.sessions(sessions -> sessions.durability(durability));
        });
        OPTIONS.put("health-interval", (b, c, k) -> b.healthInterval(c.getDuration(k)));
        OPTIONS.put("health-timeout", (b, c, k) -> b.healthTimeout(c.getDuration(k)));
        OPTIONS.put("max-health-failures", (b, c, k) -> b.maxHealthFailures(whole(c, k)));
        OPTIONS.put("stall-timeout", (b, c, k) -> b.stallTimeout(c.getDuration(k)));
        OPTIONS.put("probes.interval", (b, c, k) -> b.probes(probes -> probes.interval(c.getDuration(k))));
        OPTIONS.put("probes.successes", (b, c, k) -> b.probes(probes -> probes.successes(whole(c, k))));
        OPTIONS.put("outliers.enabled", (b, c, k) -> b.outliers(outliers -> outliers.enabled(c.getBoolean(k))));
        OPTIONS.put("outliers.error-rate", (b, c, k) -> b.outliers(outliers -> outliers.errorRate(c.getDouble(k))));
        OPTIONS.put("outliers.factor", (b, c, k) -> b.outliers(outliers -> outliers.factor(c.getDouble(k))));
        OPTIONS.put("outliers.min-calls", (b, c, k) -> b.outliers(outliers -> outliers.minCalls(whole(c, k))));
        OPTIONS.put("outliers.window", (b, c, k) -> b.outliers(outliers -> outliers.window(c.getDuration(k))));
        OPTIONS.put("outliers.max-ejected", (b, c, k) -> b.outliers(outliers -> outliers.maxEjected(c.getDouble(k))));
        OPTIONS.put("outliers.eject-for", (b, c, k) -> b.outliers(outliers -> outliers.ejectFor(c.getDuration(k))));
        OPTIONS.put("output", (b, c, k) -> b.output(constant(OutputHandling.class, c, k)));
        OPTIONS.put("max-line-bytes", (b, c, k) -> b.maxLineBytes(Math.toIntExact(c.getBytes(k))));
        OPTIONS.put("max-lines-per-second", (b, c, k) -> b.maxLinesPerSecond(whole(c, k)));
        OPTIONS.put("tail-lines", (b, c, k) -> b.tailLines(whole(c, k)));
        OPTIONS.put("callback-threads", (b, c, k) -> b.callbackThreads(whole(c, k)));
        OPTIONS.put("callback-queue-capacity", (b, c, k) -> b.callbackQueueCapacity(whole(c, k)));
        OPTIONS.put("call-events", (b, c, k) -> b.callEvents(c.getBoolean(k)));
        OPTIONS.put("runtime-directory", (b, c, k) -> b.runtimeDirectory(Path.of(c.getString(k))));
    }

    private static final Pattern RELAXED = Pattern.compile("(?i)relaxed\\s*\\(([^()]+)\\)");

    private ConfigBlock() {}

    /**
     * Reads the block.
     *
     * @throws InvalidPoolConfig naming every unknown key and every value of a wrong type
     */
    public static PoolConfigBuilder read(Config root) {
        PoolConfigBuilder builder = PoolConfig.builder();
        List<String> problems = new ArrayList<>();
        if (!root.hasPath(BLOCK)) {
            throw new InvalidPoolConfig(List.of("the configuration has no block '" + BLOCK + "'"));
        }
        new TreeMap<>(root.getConfig("vivarium").root()).forEach((key, value) -> {
            // A system property such as -Dvivarium.testkit.seed is somebody else's, and ends up here all the same.
            if (!PARTS.contains(key) && !value.origin().description().startsWith("system properties")) {
                problems.add("unknown key 'vivarium." + key + "'; known: " + String.join(", ", PARTS));
            }
        });
        Config block = root.getConfig(BLOCK);
        for (String key : paths(block)) {
            Setter setter = OPTIONS.get(key);
            if (setter == null) {
                problems.add("unknown key '" + BLOCK + "." + key + "'; known: " + String.join(", ", OPTIONS.keySet()));
                continue;
            }
            try {
                setter.set(builder, block, key);
            } catch (ConfigException | IllegalArgumentException | ArithmeticException e) {
                problems.add(BLOCK + "." + key + ": " + e.getMessage());
            }
        }
        if (!problems.isEmpty()) {
            throw new InvalidPoolConfig(problems);
        }
        return builder;
    }

    /** Returns the keys that are given; those of a group, such as {@code retry}, with its name before them. */
    private static Set<String> paths(Config block) {
        Set<String> paths = new TreeSet<>();
        block.root().forEach((key, value) -> {
            boolean group = OPTIONS.keySet().stream().anyMatch(option -> option.startsWith(key + "."));
            if (group && value instanceof ConfigObject members) {
                members.keySet().forEach(member -> paths.add(key + "." + member));
            } else {
                paths.add(key);
            }
        });
        return paths;
    }

    /** Returns the keys that the block may have. */
    public static List<String> keys() {
        return List.copyOf(OPTIONS.keySet());
    }

    /** Returns a whole number; a fraction is refused, which the library would cut off. */
    private static int whole(Config block, String key) {
        double value = block.getDouble(key);
        if (value != Math.rint(value) || Math.abs(value) > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "must be a whole number, got " + block.getValue(key).render());
        }
        return (int) value;
    }

    private static Durability durability(String text) {
        Matcher relaxed = RELAXED.matcher(text);
        if (relaxed.matches()) {
            return Durability.relaxed(
                    ConfigFactory.parseMap(Map.of("within", relaxed.group(1))).getDuration("within"));
        }
        return switch (text.toUpperCase(Locale.ROOT).replace('-', '_')) {
            case "FSYNC" -> Durability.FSYNC;
            case "PROCESS_CRASH" -> Durability.PROCESS_CRASH;
            default ->
                throw new IllegalArgumentException(
                        "must be FSYNC, PROCESS_CRASH, or RELAXED(time), got '" + text + "'");
        };
    }

    private static Safeguard[] safeguards(Config block, String key) {
        return block.getStringList(key).stream()
                .map(name -> named(Safeguard.class, name))
                .distinct()
                .toArray(Safeguard[]::new);
    }

    private static <E extends Enum<E>> E constant(Class<E> type, Config block, String key) {
        return named(type, block.getString(key));
    }

    private static <E extends Enum<E>> E named(Class<E> type, String name) {
        String wanted = name.toUpperCase(Locale.ROOT).replace('-', '_');
        return Stream.of(type.getEnumConstants())
                .filter(constant -> constant.name().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "must be one of " + Arrays.toString(type.getEnumConstants()) + ", got '" + name + "'"));
    }
}
