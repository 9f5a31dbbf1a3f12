package dev.vivarium;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.protocol.Limits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Collects a pool's options. {@link #build()} checks all of them together and copies; the builder may be used again. Not
 * thread-safe.
 */
public final class PoolConfigBuilder {

    private static final int CPUS = Runtime.getRuntime().availableProcessors();

    /** Variables of the JVM's that workers may see unless told otherwise: what programs need to find their way. */
    public static final List<String> DEFAULT_INHERITED = List.of(
            "PATH",
            "HOME",
            "USER",
            "LOGNAME",
            "SHELL",
            "LANG",
            "LC_*",
            "TZ",
            "TMPDIR",
            "VIRTUAL_ENV",
            "CONDA_PREFIX",
            "LD_LIBRARY_PATH",
            "CUDA_*",
            "NVIDIA_*",
            "PYENV_*",
            "XDG_*",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR");

    private String name = "python";
    private List<String> handlers = List.of();
    private String python = "python3";
    private List<String> interpreterArguments = List.of();
    private List<Path> pythonPath = List.of();
    private @Nullable Path workingDirectory;
    private Map<String, String> environment = Map.of();
    private List<String> inherited = DEFAULT_INHERITED;
    private int computeThreads = 1;
    private int workers = CPUS;
    private int overflow;
    private Duration overflowIdle = Duration.ofMinutes(1);
    private int minReady = 1;
    private StartMode startMode = StartMode.EAGER;
    private int queueCapacity = 1000;
    private Duration callTimeout = Duration.ofMinutes(1);
    private int maxRetries = 3;
    private int maxBodyBytes = Limits.DEFAULTS.maxBodyBytes();
    private Duration connectTimeout = Duration.ofSeconds(10);
    private Duration loadTimeout = Duration.ofMinutes(2);
    private Duration cancelGrace = Duration.ofSeconds(2);
    private Duration drainGrace = Duration.ofSeconds(5);
    private Duration minBackoff = Duration.ofMillis(200);
    private Duration maxBackoff = Duration.ofSeconds(30);
    private double backoffJitter = 0.2;
    private Duration stableAfter = Duration.ofSeconds(30);
    private Duration healthInterval = Duration.ofSeconds(30);
    private Duration healthTimeout = Duration.ofSeconds(5);
    private int maxHealthFailures = 3;
    private OutputHandling output = OutputHandling.LOG;
    private int maxLineBytes = 8192;
    private int maxLinesPerSecond = 1000;
    private int tailLines = 50;
    private @Nullable Executor callbackExecutor;
    private int callbackThreads = Math.max(2, CPUS);
    private int callbackQueueCapacity = 10_000;
    private Path runtimeDirectory = Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
    private ObjectMapper objectMapper = new ObjectMapper();
    private @Nullable Consumer<PoolEvent> eventListener;

    PoolConfigBuilder() {}

    PoolConfigBuilder(PoolConfig from) {
        name = from.name();
        handlers = from.handlers();
        python = from.interpreter().python();
        interpreterArguments = from.interpreter().arguments();
        pythonPath = from.interpreter().pythonPath();
        workingDirectory = from.interpreter().workingDirectory();
        environment = from.interpreter().environment();
        inherited = from.interpreter().inherited();
        computeThreads = from.interpreter().computeThreads();
        workers = from.sizing().workers();
        overflow = from.sizing().overflow();
        overflowIdle = from.sizing().overflowIdle();
        minReady = from.sizing().minReady();
        startMode = from.sizing().startMode();
        queueCapacity = from.sizing().queueCapacity();
        callTimeout = from.calls().timeout();
        maxRetries = from.calls().maxRetries();
        maxBodyBytes = from.calls().limits().maxBodyBytes();
        connectTimeout = from.timeouts().connect();
        loadTimeout = from.timeouts().load();
        cancelGrace = from.timeouts().cancelGrace();
        drainGrace = from.timeouts().drainGrace();
        minBackoff = from.restart().minBackoff();
        maxBackoff = from.restart().maxBackoff();
        backoffJitter = from.restart().jitter();
        stableAfter = from.restart().stableAfter();
        healthInterval = from.health().interval();
        healthTimeout = from.health().timeout();
        maxHealthFailures = from.health().maxFailures();
        output = from.output().handling();
        maxLineBytes = from.output().maxLineBytes();
        maxLinesPerSecond = from.output().maxLinesPerSecond();
        tailLines = from.output().tailLines();
        callbackExecutor = from.callbacks().executor();
        callbackThreads = from.callbacks().threads();
        callbackQueueCapacity = from.callbacks().queueCapacity();
        runtimeDirectory = from.runtimeDirectory();
        objectMapper = from.objectMapper();
        eventListener = from.eventListener();
    }

    /** Sets the pool's name; letters, digits, {@code -}, {@code _} and {@code .}, at most 64. Default {@code python}. */
    public PoolConfigBuilder name(String value) {
        name = value;
        return this;
    }

    /** Sets where handlers are defined: Python files (ending in {@code .py}) and module names. Needed; 1 to 100. */
    public PoolConfigBuilder handlers(String... sources) {
        handlers = List.of(sources);
        return this;
    }

    /** Sets where handlers are defined. See {@link #handlers(String...)}. */
    public PoolConfigBuilder handlers(List<String> sources) {
        handlers = List.copyOf(sources);
        return this;
    }

    /** Sets the interpreter, a path or a name on the PATH; CPython 3.9 or later. Default {@code python3}. */
    public PoolConfigBuilder python(String interpreter) {
        python = interpreter;
        return this;
    }

    /** Sets arguments for the interpreter itself, such as {@code -X}, {@code utf8}. Default none. */
    public PoolConfigBuilder interpreterArguments(List<String> arguments) {
        interpreterArguments = List.copyOf(arguments);
        return this;
    }

    /** Sets folders that are put before {@code sys.path}. Default none. */
    public PoolConfigBuilder pythonPath(List<Path> folders) {
        pythonPath = List.copyOf(folders);
        return this;
    }

    /** Sets the workers' working directory, which must exist. Default: the JVM's. */
    public PoolConfigBuilder workingDirectory(Path directory) {
        workingDirectory = directory;
        return this;
    }

    /** Sets one variable of the workers' environment. Wins over inherited ones. */
    public PoolConfigBuilder environment(String variable, String value) {
        Map<String, String> copy = new LinkedHashMap<>(environment);
        copy.put(variable, value);
        environment = copy;
        return this;
    }

    /** Sets the variables of the workers' environment, in place of those set before. */
    public PoolConfigBuilder environment(Map<String, String> variables) {
        environment = Map.copyOf(variables);
        return this;
    }

    /**
     * Sets which of the JVM's variables workers may see: names, or prefixes ending in {@code *}. Default
     * {@link #DEFAULT_INHERITED}; everything else, secrets above all, stays with the JVM.
     */
    public PoolConfigBuilder inheritEnvironment(List<String> names) {
        inherited = List.copyOf(names);
        return this;
    }

    /** Sets how many threads BLAS and OpenMP libraries use in each worker; 1 to 1024. Default 1. */
    public PoolConfigBuilder computeThreads(int threads) {
        computeThreads = threads;
        return this;
    }

    /** Sets how many workers the pool keeps; 1 to {@link PoolConfig#MAX_WORKERS}. Default: the number of processors. */
    public PoolConfigBuilder workers(int count) {
        workers = count;
        return this;
    }

    /** Sets how many workers may be added while calls wait; with {@code workers} at most 1024. Default 0. */
    public PoolConfigBuilder overflow(int count) {
        overflow = count;
        return this;
    }

    /** Sets how long an overflow worker may idle before it is retired; at least 10 ms. Default 60 s. */
    public PoolConfigBuilder overflowIdle(Duration time) {
        overflowIdle = time;
        return this;
    }

    /** Sets how many workers must be ready before the pool counts as serving; 0 to {@code workers}. Default 1. */
    public PoolConfigBuilder minReady(int count) {
        minReady = count;
        return this;
    }

    /** Sets when workers are started. Default {@link StartMode#EAGER}. */
    public PoolConfigBuilder startMode(StartMode mode) {
        startMode = mode;
        return this;
    }

    /** Sets how many calls may wait for a worker; 1 to 1,000,000. Default 1,000. */
    public PoolConfigBuilder queueCapacity(int calls) {
        queueCapacity = calls;
        return this;
    }

    /** Sets a call's time limit unless it has its own; 1 ms to 30 days. Default 60 s. */
    public PoolConfigBuilder callTimeout(Duration limit) {
        callTimeout = limit;
        return this;
    }

    /** Sets how often a call may be sent again unless it says otherwise; 0 to 1,000. Default 3. */
    public PoolConfigBuilder maxRetries(int retries) {
        maxRetries = retries;
        return this;
    }

    /** Sets the largest encoded call or result in bytes; 1,024 to 1,073,741,824. Default 16,777,216. */
    public PoolConfigBuilder maxBodyBytes(int bytes) {
        maxBodyBytes = bytes;
        return this;
    }

    /** Sets how long a new process has to say hello; 10 ms to 1 day. Default 10 s. */
    public PoolConfigBuilder connectTimeout(Duration limit) {
        connectTimeout = limit;
        return this;
    }

    /** Sets how long loading the handlers may take; 10 ms to 1 day. Default 120 s. */
    public PoolConfigBuilder loadTimeout(Duration limit) {
        loadTimeout = limit;
        return this;
    }

    /** Sets how long a worker has to become idle after its call timed out or was cancelled; 1 ms to 1 day. Default 2 s. */
    public PoolConfigBuilder cancelGrace(Duration limit) {
        cancelGrace = limit;
        return this;
    }

    /** Sets how long an idle worker has to end when asked to; 1 ms to 1 day. Default 5 s. */
    public PoolConfigBuilder drainGrace(Duration limit) {
        drainGrace = limit;
        return this;
    }

    /** Sets the first wait after a failed start; 1 ms to 1 day. Default 200 ms. */
    public PoolConfigBuilder minBackoff(Duration wait) {
        minBackoff = wait;
        return this;
    }

    /** Sets the longest wait after failed starts; at least {@code minBackoff}. Default 30 s. */
    public PoolConfigBuilder maxBackoff(Duration wait) {
        maxBackoff = wait;
        return this;
    }

    /** Sets how far waits vary at random, as a share; 0 to 1. Default 0.2. */
    public PoolConfigBuilder backoffJitter(double share) {
        backoffJitter = share;
        return this;
    }

    /** Sets how long a worker must be ready for its slot's failures to be forgotten; 1 ms to 1 day. Default 30 s. */
    public PoolConfigBuilder stableAfter(Duration time) {
        stableAfter = time;
        return this;
    }

    /** Sets the time between checks of an idle worker; 10 ms to 1 day. Default 30 s. */
    public PoolConfigBuilder healthInterval(Duration time) {
        healthInterval = time;
        return this;
    }

    /** Sets how long a worker has to answer a check; 1 ms to 1 day. Default 5 s. */
    public PoolConfigBuilder healthTimeout(Duration limit) {
        healthTimeout = limit;
        return this;
    }

    /** Sets how many failed checks in a row end a worker; 1 to 100. Default 3. */
    public PoolConfigBuilder maxHealthFailures(int failures) {
        maxHealthFailures = failures;
        return this;
    }

    /** Sets what becomes of workers' output. Default {@link OutputHandling#LOG}. */
    public PoolConfigBuilder output(OutputHandling handling) {
        output = handling;
        return this;
    }

    /** Sets the length at which lines of output are cut, in bytes; 80 to 1,048,576. Default 8,192. */
    public PoolConfigBuilder maxLineBytes(int bytes) {
        maxLineBytes = bytes;
        return this;
    }

    /** Sets how many lines of output a worker may log per second; 1 to 1,000,000. Default 1,000. */
    public PoolConfigBuilder maxLinesPerSecond(int lines) {
        maxLinesPerSecond = lines;
        return this;
    }

    /** Sets how many last lines of standard error are kept for error messages; 0 to 10,000. Default 50. */
    public PoolConfigBuilder tailLines(int lines) {
        tailLines = lines;
        return this;
    }

    /**
     * Sets the executor that callbacks run on. One that runs them at once, such as {@code Runnable::run}, gets a thread of
     * the pool's, never one that serves workers. Default: one of the pool's own.
     */
    public PoolConfigBuilder callbackExecutor(Executor executor) {
        callbackExecutor = executor;
        return this;
    }

    /** Sets the most threads of the pool's own callback executor; 1 to 1,024. Default: the processors, at least 2. */
    public PoolConfigBuilder callbackThreads(int threads) {
        callbackThreads = threads;
        return this;
    }

    /** Sets how many callbacks may wait for the pool's own executor; 1 to 1,000,000. Default 10,000. */
    public PoolConfigBuilder callbackQueueCapacity(int callbacks) {
        callbackQueueCapacity = callbacks;
        return this;
    }

    /** Sets the folder in which the pool makes its private directory. Default: {@code java.io.tmpdir}. */
    public PoolConfigBuilder runtimeDirectory(Path folder) {
        runtimeDirectory = folder;
        return this;
    }

    /** Sets the mapper that converts arguments and results; it is copied and hardened. Default: a plain one. */
    public PoolConfigBuilder objectMapper(ObjectMapper mapper) {
        objectMapper = mapper;
        return this;
    }

    /** Sets a listener that is told every event on the pool's event thread; it must not block. Default none. */
    public PoolConfigBuilder eventListener(Consumer<PoolEvent> listener) {
        eventListener = listener;
        return this;
    }

    private void checkPresence(ConfigProblems problems) {
        problems.present("name", name);
        problems.present("python", python);
        problems.present("overflowIdle", overflowIdle);
        problems.present("startMode", startMode);
        problems.present("callTimeout", callTimeout);
        problems.present("connectTimeout", connectTimeout);
        problems.present("loadTimeout", loadTimeout);
        problems.present("cancelGrace", cancelGrace);
        problems.present("drainGrace", drainGrace);
        problems.present("minBackoff", minBackoff);
        problems.present("maxBackoff", maxBackoff);
        problems.present("stableAfter", stableAfter);
        problems.present("healthInterval", healthInterval);
        problems.present("healthTimeout", healthTimeout);
        problems.present("output", output);
        problems.present("runtimeDirectory", runtimeDirectory);
        problems.present("objectMapper", objectMapper);
    }

    /**
     * Checks everything and returns the configuration.
     *
     * @throws InvalidPoolConfig when anything is wrong, naming every problem
     */
    public PoolConfig build() {
        ConfigProblems problems = new ConfigProblems();
        checkPresence(problems);
        problems.throwIfAny(); // What is not there cannot be checked any further.
        problems.require(
                name.matches("[A-Za-z0-9_.-]{1,64}"), "name must match [A-Za-z0-9_.-]{1,64}, got '" + name + "'");
        problems.require(!handlers.isEmpty(), "handlers must name at least one Python file or module");
        problems.require(handlers.size() <= 100, "handlers must be at most 100, got " + handlers.size());
        problems.require(handlers.stream().noneMatch(String::isBlank), "handlers must not be blank, got " + handlers);
        problems.require(!python.isBlank(), "python must not be blank");
        problems.require(
                environment.keySet().stream()
                        .noneMatch(key -> key.isEmpty() || key.contains("=") || key.startsWith("VIVARIUM_")),
                "environment must not have empty names, names with '=' or names that begin with VIVARIUM_, got "
                        + environment.keySet());
        problems.require(
                environment.entrySet().stream().noneMatch(entry -> (entry.getKey() + entry.getValue()).indexOf(0) >= 0),
                "environment must not have names or values with NUL characters");
        problems.between("computeThreads", computeThreads, 1, 1024);
        problems.between("workers", workers, 1, PoolConfig.MAX_WORKERS);
        problems.between("overflow", overflow, 0, PoolConfig.MAX_WORKERS);
        problems.require(
                workers < 1 || overflow < 0 || (long) workers + overflow <= PoolConfig.MAX_WORKERS,
                "workers + overflow must be <= " + PoolConfig.MAX_WORKERS + ", got " + workers + " + " + overflow);
        problems.between("overflowIdle", overflowIdle, Duration.ofMillis(10), Duration.ofDays(30));
        problems.require(
                minReady >= 0 && minReady <= workers,
                "minReady must be >= 0 and <= workers=" + workers + ", got " + minReady);
        problems.between("queueCapacity", queueCapacity, 1, 1_000_000);
        problems.between("callTimeout", callTimeout, Duration.ofMillis(1), Duration.ofDays(30));
        problems.between("maxRetries", maxRetries, 0, 1000);
        problems.between("maxBodyBytes", maxBodyBytes, 1024, 1 << 30);
        problems.between("connectTimeout", connectTimeout, Duration.ofMillis(10), Duration.ofDays(1));
        problems.between("loadTimeout", loadTimeout, Duration.ofMillis(10), Duration.ofDays(1));
        problems.between("cancelGrace", cancelGrace, Duration.ofMillis(1), Duration.ofDays(1));
        problems.between("drainGrace", drainGrace, Duration.ofMillis(1), Duration.ofDays(1));
        problems.between("minBackoff", minBackoff, Duration.ofMillis(1), Duration.ofDays(1));
        problems.between("maxBackoff", maxBackoff, Duration.ofMillis(1), Duration.ofDays(1));
        problems.require(
                maxBackoff.compareTo(minBackoff) >= 0,
                "maxBackoff must be >= minBackoff=" + minBackoff + ", got " + maxBackoff);
        problems.require(
                backoffJitter >= 0 && backoffJitter <= 1, "backoffJitter must be 0 to 1, got " + backoffJitter);
        problems.between("stableAfter", stableAfter, Duration.ofMillis(1), Duration.ofDays(1));
        problems.between("healthInterval", healthInterval, Duration.ofMillis(10), Duration.ofDays(1));
        problems.between("healthTimeout", healthTimeout, Duration.ofMillis(1), Duration.ofDays(1));
        problems.between("maxHealthFailures", maxHealthFailures, 1, 100);
        problems.between("maxLineBytes", maxLineBytes, 80, 1 << 20);
        problems.between("maxLinesPerSecond", maxLinesPerSecond, 1, 1_000_000);
        problems.between("tailLines", tailLines, 0, 10_000);
        problems.between("callbackThreads", callbackThreads, 1, 1024);
        problems.between("callbackQueueCapacity", callbackQueueCapacity, 1, 1_000_000);
        problems.throwIfAny();
        return new CheckedPoolConfig(
                name,
                handlers,
                new PoolConfig.Interpreter(
                        python,
                        interpreterArguments,
                        pythonPath,
                        workingDirectory,
                        Map.copyOf(environment),
                        inherited,
                        computeThreads),
                new PoolConfig.Sizing(workers, overflow, overflowIdle, minReady, startMode, queueCapacity),
                new PoolConfig.CallDefaults(
                        callTimeout,
                        maxRetries,
                        new Limits(
                                maxBodyBytes,
                                Limits.DEFAULTS.maxAttachmentsBytes(),
                                Limits.DEFAULTS.maxAttachmentCount())),
                new PoolConfig.Timeouts(connectTimeout, loadTimeout, cancelGrace, drainGrace),
                new PoolConfig.Restart(minBackoff, maxBackoff, backoffJitter, stableAfter),
                new PoolConfig.Health(healthInterval, healthTimeout, maxHealthFailures),
                new PoolConfig.Output(output, maxLineBytes, maxLinesPerSecond, tailLines),
                new PoolConfig.Callbacks(callbackExecutor, callbackThreads, callbackQueueCapacity),
                runtimeDirectory,
                objectMapper,
                eventListener);
    }
}
