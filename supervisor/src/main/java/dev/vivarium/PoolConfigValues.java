package dev.vivarium;

/** Fills a builder with the values of a configuration. */
final class PoolConfigValues {

    private PoolConfigValues() {}

    static void copy(PoolConfig from, PoolConfigBuilder to) {
        to.name = from.name();
        to.handlers = from.handlers();
        to.python = from.interpreter().python();
        to.interpreterArguments = from.interpreter().arguments();
        to.pythonPath = from.interpreter().pythonPath();
        to.workingDirectory = from.interpreter().workingDirectory();
        to.environment = from.interpreter().environment();
        to.inherited = from.interpreter().inherited();
        to.computeThreads = from.interpreter().computeThreads();
        to.workers = from.sizing().workers();
        to.overflow = from.sizing().overflow();
        to.overflowIdle = from.sizing().overflowIdle();
        to.minReady = from.sizing().minReady();
        to.startMode = from.sizing().startMode();
        to.queueCapacity = from.sizing().queueCapacity();
        to.callTimeout = from.calls().timeout();
        to.maxRetries = from.calls().maxRetries();
        to.maxBodyBytes = from.calls().limits().maxBodyBytes();
        to.connectTimeout = from.timeouts().connect();
        to.loadTimeout = from.timeouts().load();
        to.stackDump = from.timeouts().stackDump();
        to.cancelGrace = from.timeouts().cancelGrace();
        to.terminateGrace = from.timeouts().terminateGrace();
        to.drainGrace = from.timeouts().drainGrace();
        to.minBackoff = from.restart().minBackoff();
        to.maxBackoff = from.restart().maxBackoff();
        to.backoffJitter = from.restart().jitter();
        to.stableAfter = from.restart().stableAfter();
        to.retry = from.retry();
        to.circuitBreaker = from.circuitBreaker();
        to.poison = from.poison();
        to.alerts = from.alerts();
        to.recycling = from.recycling();
        to.memory = from.memory();
        to.healthInterval = from.health().interval();
        to.healthTimeout = from.health().timeout();
        to.maxHealthFailures = from.health().maxFailures();
        to.stallTimeout = from.health().stallTimeout();
        to.probes = from.probes();
        to.outliers = from.outliers();
        to.output = from.output().handling();
        to.maxLineBytes = from.output().maxLineBytes();
        to.maxLinesPerSecond = from.output().maxLinesPerSecond();
        to.tailLines = from.output().tailLines();
        to.callbackExecutor = from.callbacks().executor();
        to.callbackThreads = from.callbacks().threads();
        to.callbackQueueCapacity = from.callbacks().queueCapacity();
        to.runtimeDirectory = from.runtimeDirectory();
        to.objectMapper = from.objectMapper();
        to.eventListener = from.eventListener();
    }
}
