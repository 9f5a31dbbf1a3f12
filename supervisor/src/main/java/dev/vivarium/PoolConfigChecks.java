package dev.vivarium;

import java.time.Duration;

/** What must hold for a pool's options, each and together. */
final class PoolConfigChecks {

    private static final Duration MOST = Duration.ofDays(1);

    private PoolConfigChecks() {}

    /**
     * Checks all options.
     *
     * @throws InvalidPoolConfig when anything is wrong, naming every problem
     */
    static void check(PoolConfigBuilder given) {
        ConfigProblems problems = new ConfigProblems();
        presence(problems, given);
        problems.throwIfAny(); // What is not there cannot be checked any further.
        interpreter(problems, given);
        sizing(problems, given);
        OperationChecks.check(problems, given);
        calls(problems, given);
        times(problems, given);
        output(problems, given);
        retry(problems, given.retry);
        recovery(problems, given.recovery);
        circuitBreaker(problems, given.circuitBreaker);
        poison(problems, given.poison);
        alerts(problems, given.alerts);
        recycling(problems, given);
        health(problems, given);
        memory(problems, given);
        attachments(problems, given.attachments);
        template(problems, given);
        drain(problems, given.drain);
        streams(problems, given.streams);
        FunctionChecks.check(problems, given.functions);
        SessionChecks.check(problems, given.sessions, given.sessionStore != null);
        problems.throwIfAny();
    }

    private static void streams(ConfigProblems problems, StreamPolicy given) {
        problems.between("streams.windowItems", given.windowItems(), 1, 1_000_000);
        problems.require(
                given.windowBytes() >= 1024 && given.windowBytes() <= 1L << 30,
                "streams.windowBytes must be 1024 to " + (1L << 30) + ", got " + given.windowBytes());
        problems.between("streams.frameItems", given.frameItems(), 1, 65_536);
    }

    private static void presence(ConfigProblems problems, PoolConfigBuilder given) {
        problems.present("name", given.name);
        problems.present("python", given.python);
        problems.present("overflowIdle", given.overflowIdle);
        problems.present("mode", given.mode);
        problems.present("profile", given.profile);
        problems.present("startMode", given.startMode);
        problems.present("callTimeout", given.callTimeout);
        problems.present("connectTimeout", given.connectTimeout);
        problems.present("loadTimeout", given.loadTimeout);
        problems.present("stackDump", given.stackDump);
        problems.present("cancelGrace", given.cancelGrace);
        problems.present("terminateGrace", given.terminateGrace);
        problems.present("drainGrace", given.drainGrace);
        problems.present("minBackoff", given.minBackoff);
        problems.present("maxBackoff", given.maxBackoff);
        problems.present("stableAfter", given.stableAfter);
        problems.present("healthInterval", given.healthInterval);
        problems.present("healthTimeout", given.healthTimeout);
        problems.present("stallTimeout", given.stallTimeout);
        problems.present("output", given.output);
        problems.present("runtimeDirectory", given.runtimeDirectory);
        problems.present("objectMapper", given.objectMapper);
        problems.present("retry", given.retry);
        problems.present("recovery", given.recovery);
        problems.present("circuitBreaker", given.circuitBreaker);
        problems.present("poison", given.poison);
        problems.present("alerts", given.alerts);
        problems.present("recycling", given.recycling);
        problems.present("probes", given.probes);
        problems.present("outliers", given.outliers);
        problems.present("memory", given.memory);
        problems.present("template", given.template);
        problems.present("drain", given.drain);
        problems.present("streams", given.streams);
        problems.present("functions", given.functions);
        problems.present("sessions", given.sessions);
        problems.throwIfAny();
        problems.present("retry.growth", given.retry.growth());
        problems.present("retry.minDelay", given.retry.minDelay());
        problems.present("retry.maxDelay", given.retry.maxDelay());
        problems.present("recovery.minorBudget", given.recovery.minorBudget());
        problems.present("recovery.majorBudget", given.recovery.majorBudget());
        problems.present("recovery.criticalBudget", given.recovery.criticalBudget());
        problems.present("circuitBreaker.openFor", given.circuitBreaker.openFor());
        problems.present("poison.forgetAfter", given.poison.forgetAfter());
        problems.present("recycling.maxAge", given.recycling.maxAge());
        problems.present("probes.interval", given.probes.interval());
        problems.present("outliers.window", given.outliers.window());
        problems.present("outliers.ejectFor", given.outliers.ejectFor());
        problems.present("memory.interval", given.memory.interval());
        problems.present("drain.queued", given.drain.queued());
        problems.present("drain.timeout", given.drain.timeout());
        problems.present("drain.shutdownTimeout", given.drain.shutdownTimeout());
        problems.present("sessions.mode", given.sessions.mode());
        problems.present("sessions.ttl", given.sessions.ttl());
        problems.present("sessions.stateTtl", given.sessions.stateTtl());
        problems.present("sessions.store", given.sessions.store());
        problems.present("sessions.durability", given.sessions.durability());
        problems.present("alerts.window", given.alerts.window());
        problems.present("alerts.cooldown", given.alerts.cooldown());
    }

    private static void interpreter(ConfigProblems problems, PoolConfigBuilder given) {
        problems.require(
                given.name.matches("[A-Za-z0-9_.-]{1,64}"),
                "name must match [A-Za-z0-9_.-]{1,64}, got '" + given.name + "'");
        problems.require(!given.handlers.isEmpty(), "handlers must name at least one Python file or module");
        problems.require(given.handlers.size() <= 100, "handlers must be at most 100, got " + given.handlers.size());
        problems.require(
                given.handlers.stream().noneMatch(String::isBlank),
                "handlers must not be blank, got " + given.handlers);
        problems.require(!given.python.isBlank(), "python must not be blank");
        problems.require(
                given.environment.keySet().stream()
                        .noneMatch(key -> key.isEmpty() || key.contains("=") || key.startsWith("VIVARIUM_")),
                "environment must not have empty names, names with '=' or names that begin with VIVARIUM_, got "
                        + given.environment.keySet());
        problems.require(
                given.environment.entrySet().stream()
                        .noneMatch(entry -> (entry.getKey() + entry.getValue()).indexOf(0) >= 0),
                "environment must not have names or values with NUL characters");
    }

    private static void sizing(ConfigProblems problems, PoolConfigBuilder given) {
        problems.between("computeThreads", given.computeThreads, 1, 1024);
        problems.between("workers", given.workers(), 1, PoolConfig.MAX_WORKERS);
        problems.between("overflow", given.overflow, 0, PoolConfig.MAX_WORKERS);
        problems.require(
                given.workers() < 1
                        || given.overflow < 0
                        || (long) given.workers() + given.overflow <= PoolConfig.MAX_WORKERS,
                "workers + overflow must be <= " + PoolConfig.MAX_WORKERS + ", got " + given.workers() + " + "
                        + given.overflow);
        problems.between("overflowIdle", given.overflowIdle, Duration.ofMillis(10), Duration.ofDays(30));
        problems.require(
                given.minReady >= 0 && given.minReady <= given.workers(),
                "minReady must be >= 0 and <= workers=" + given.workers() + ", got " + given.minReady);
        problems.between("queueCapacity", given.queueCapacity, 1, 1_000_000);
    }

    private static void calls(ConfigProblems problems, PoolConfigBuilder given) {
        problems.between("callTimeout", given.callTimeout, Duration.ofMillis(1), Duration.ofDays(30));
        problems.between("maxRetries", given.maxRetries, 0, 1000);
        problems.between("maxBodyBytes", given.maxBodyBytes, 1024, 1 << 30);
    }

    private static void times(ConfigProblems problems, PoolConfigBuilder given) {
        problems.between("connectTimeout", given.connectTimeout, Duration.ofMillis(10), Duration.ofDays(1));
        problems.between("loadTimeout", given.loadTimeout, Duration.ofMillis(10), Duration.ofDays(1));
        problems.between("stackDump", given.stackDump, Duration.ZERO, Duration.ofSeconds(10));
        problems.between("terminateGrace", given.terminateGrace, Duration.ZERO, Duration.ofDays(1));
        problems.between("cancelGrace", given.cancelGrace, Duration.ofMillis(1), Duration.ofDays(1));
        problems.between("drainGrace", given.drainGrace, Duration.ofMillis(1), Duration.ofDays(1));
        problems.between("minBackoff", given.minBackoff, Duration.ofMillis(1), Duration.ofDays(1));
        problems.between("maxBackoff", given.maxBackoff, Duration.ofMillis(1), Duration.ofDays(1));
        problems.require(
                given.maxBackoff.compareTo(given.minBackoff) >= 0,
                "maxBackoff must be >= minBackoff=" + given.minBackoff + ", got " + given.maxBackoff);
        problems.require(
                given.backoffJitter >= 0 && given.backoffJitter <= 1,
                "backoffJitter must be 0 to 1, got " + given.backoffJitter);
        problems.between("stableAfter", given.stableAfter, Duration.ofMillis(1), Duration.ofDays(1));
    }

    private static void health(ConfigProblems problems, PoolConfigBuilder given) {
        problems.between("healthInterval", given.healthInterval, Duration.ofMillis(10), MOST);
        problems.between("healthTimeout", given.healthTimeout, Duration.ofMillis(1), MOST);
        problems.between("maxHealthFailures", given.maxHealthFailures, 1, 100);
        problems.between("stallTimeout", given.stallTimeout, Duration.ZERO, MOST);
        problems.between("probes.interval", given.probes.interval(), Duration.ofMillis(1), MOST);
        problems.between("probes.successes", given.probes.successes(), 1, 100);
        OutlierPolicy outliers = given.outliers;
        problems.require(
                outliers.errorRate() >= 0.01 && outliers.errorRate() <= 1,
                "outliers.errorRate must be 0.01 to 1, got " + outliers.errorRate());
        problems.between("outliers.factor", outliers.factor(), 1, 1000);
        problems.between("outliers.minCalls", outliers.minCalls(), 1, 1_000_000);
        problems.between("outliers.window", outliers.window(), Duration.ofSeconds(1), MOST);
        problems.between("outliers.maxEjected", outliers.maxEjected(), 0, 1);
        problems.between("outliers.ejectFor", outliers.ejectFor(), Duration.ofMillis(1), MOST);
    }

    private static void output(ConfigProblems problems, PoolConfigBuilder given) {
        problems.between("maxLineBytes", given.maxLineBytes, 80, 1 << 20);
        problems.between("maxLinesPerSecond", given.maxLinesPerSecond, 1, 1_000_000);
        problems.between("tailLines", given.tailLines, 0, 10_000);
        problems.between("callbackThreads", given.callbackThreads, 1, 1024);
        problems.between("callbackQueueCapacity", given.callbackQueueCapacity, 1, 1_000_000);
    }

    private static void retry(ConfigProblems problems, RetryPolicy given) {
        problems.between("retry.minDelay", given.minDelay(), Duration.ZERO, MOST);
        problems.between("retry.maxDelay", given.maxDelay(), Duration.ZERO, MOST);
        problems.require(
                given.maxDelay().compareTo(given.minDelay()) >= 0,
                "retry.maxDelay must be >= retry.minDelay=" + given.minDelay() + ", got " + given.maxDelay());
        problems.between("retry.jitter", given.jitter(), 0, 1);
        problems.between("retry.budget", given.budget(), 0, 1000);
        problems.between("retry.burst", given.burst(), 0, 1_000_000);
    }

    private static void recovery(ConfigProblems problems, RecoveryPolicy given) {
        problems.between("recovery.maxConcurrent", given.maxConcurrent(), 1, 10_000);
        problems.between("recovery.minorBudget", given.minorBudget(), Duration.ZERO, MOST);
        problems.between("recovery.majorBudget", given.majorBudget(), Duration.ZERO, MOST);
        problems.between("recovery.criticalBudget", given.criticalBudget(), Duration.ZERO, MOST);
    }

    private static void circuitBreaker(ConfigProblems problems, CircuitBreakerPolicy given) {
        problems.between("circuitBreaker.failureThreshold", given.failureThreshold(), 1, 10_000);
        problems.between("circuitBreaker.successThreshold", given.successThreshold(), 1, 10_000);
        problems.between("circuitBreaker.openFor", given.openFor(), Duration.ofMillis(10), MOST);
        problems.between("circuitBreaker.halfOpenCalls", given.halfOpenCalls(), 1, 10_000);
    }

    private static void poison(ConfigProblems problems, PoisonPolicy given) {
        problems.between("poison.deaths", given.deaths(), 1, 1000);
        problems.between("poison.forgetAfter", given.forgetAfter(), Duration.ofMillis(10), Duration.ofDays(30));
    }

    private static void alerts(ConfigProblems problems, AlertPolicy given) {
        problems.between("alerts.errorRate", given.errorRate(), 0, 1);
        problems.between("alerts.minCalls", given.minCalls(), 1, 1_000_000);
        problems.between("alerts.window", given.window(), Duration.ofSeconds(1), MOST);
        problems.between("alerts.openCircuits", given.openCircuits(), 1, 10_000);
        problems.between("alerts.cooldown", given.cooldown(), Duration.ZERO, MOST);
    }

    private static void recycling(ConfigProblems problems, PoolConfigBuilder builder) {
        RecyclePolicy given = builder.recycling;
        problems.require(
                (given.maxCalls() == 0 && given.maxAge().isZero() && given.maxMemory() == 0)
                        || builder.workers() + builder.overflow != PoolConfig.MAX_WORKERS,
                "recycling needs room for one more worker: workers + overflow must be < " + PoolConfig.MAX_WORKERS);
        problems.between("recycling.maxCalls", given.maxCalls(), 0, 1_000_000_000);
        problems.between("recycling.maxAge", given.maxAge(), Duration.ZERO, Duration.ofDays(365));
        problems.between("recycling.jitter", given.jitter(), 0, 1);
    }

    private static void memory(ConfigProblems problems, PoolConfigBuilder builder) {
        MemoryPolicy given = builder.memory;
        long threshold = builder.recycling.maxMemory();
        bytes(problems, "memory.limit", given.limit());
        bytes(problems, "recycling.maxMemory", threshold);
        problems.require(
                given.limit() == 0 || threshold < given.limit(),
                "recycling.maxMemory must be < memory.limit=" + given.limit() + ", got " + threshold);
        problems.between("memory.interval", given.interval(), Duration.ofMillis(50), Duration.ofHours(1));
    }

    private static void attachments(ConfigProblems problems, AttachmentPolicy given) {
        problems.between("attachments.maxBytes", given.maxBytes(), AttachmentPolicy.LEAST, AttachmentPolicy.MOST);
        problems.between("attachments.sharedFrom", given.sharedFrom(), AttachmentPolicy.LEAST, AttachmentPolicy.MOST);
        problems.require(
                given.maxSharedBytes() >= 0 && given.maxSharedBytes() <= MemoryPolicy.MOST,
                "attachments.maxSharedBytes must be 0 to " + MemoryPolicy.MOST + ", got " + given.maxSharedBytes());
    }

    private static void template(ConfigProblems problems, PoolConfigBuilder builder) {
        TemplatePolicy given = builder.template;
        problems.between("template.preload", given.preload().size(), 0, TemplatePolicy.MOST_MODULES);
        problems.between("template.spares", given.spares(), 0, TemplatePolicy.MOST_SPARES);
        for (String module : given.preload()) {
            problems.require(
                    !module.isBlank() && !module.endsWith(".py") && !module.contains("/"),
                    "template.preload takes names of modules, such as numpy.linalg, got '" + module + "'");
        }
        for (String source : given.forkSafe()) {
            problems.require(
                    given.preload().contains(source) || (given.handlers() && builder.handlers.contains(source)),
                    "template.forkSafe names '" + source + "', which is not preloaded");
        }
    }

    private static void bytes(ConfigProblems problems, String option, long value) {
        problems.require(
                value == 0 || (value >= MemoryPolicy.LEAST && value <= MemoryPolicy.MOST),
                option + " must be 0 or " + MemoryPolicy.LEAST + " to " + MemoryPolicy.MOST + " bytes, got " + value);
    }

    private static void drain(ConfigProblems problems, DrainPolicy given) {
        problems.between("drain.timeout", given.timeout(), Duration.ZERO, PythonCall.MAX_TIMEOUT);
        problems.between("drain.shutdownTimeout", given.shutdownTimeout(), Duration.ZERO, MOST);
    }
}
