package dev.vivarium;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.protocol.Limits;
import dev.vivarium.session.SessionStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Collects a pool's options. {@link #build()} checks all of them together and copies; the builder may be used again. Not
 * thread-safe.
 */
public final class PoolConfigBuilder extends PoolOptions {

    /** Variables of the JVM's that workers may see unless told otherwise: what programs need to find their way. */
    public static final List<String> DEFAULT_INHERITED = InheritedVariables.DEFAULT;

    PoolConfigBuilder() {}

    PoolConfigBuilder(PoolConfig from) {
        super(from);
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

    /** Sets what the pool is: many workers, one or none. Default {@link PoolMode#POOL}. */
    public PoolConfigBuilder mode(PoolMode value) {
        mode = value;
        return this;
    }

    /** Sets which safeguards the pool has. Default {@link Profile#FULL}. */
    public PoolConfigBuilder profile(Profile value) {
        profile = value;
        return this;
    }

    /** Sets safeguards that the pool has besides those of its profile. Default none. */
    public PoolConfigBuilder withSafeguards(Safeguard... besides) {
        with = Set.of(besides);
        return this;
    }

    /** Sets safeguards of its profile that the pool has not. Default none. */
    public PoolConfigBuilder withoutSafeguards(Safeguard... except) {
        without = Set.of(except);
        return this;
    }

    /** Sets how many workers the pool keeps; 1 to {@link PoolConfig#MAX_WORKERS}. Default: the processors; 1 in mode SINGLE. */
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

    /** Sets how often a call may be sent again unless it says otherwise, see {@link PythonCall#maxRetries}; 0 to 1,000. Default 3. */
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

    /**
     * Sets how long a worker has to tell what its Python threads do when the deadline of its call has passed, which is how
     * much later than its deadline a call may end; 0 to 10 s. Default 100 ms. Zero asks for no stacks.
     */
    public PoolConfigBuilder stackDump(Duration limit) {
        stackDump = limit;
        return this;
    }

    /**
     * Sets the time from SIGTERM to SIGKILL for a worker that did not end a call within {@code cancelGrace}; 0 to 1 day.
     * Default 500 ms. Zero sends SIGKILL at once.
     */
    public PoolConfigBuilder terminateGrace(Duration limit) {
        terminateGrace = limit;
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

    /** Changes how calls that lost their worker are repeated. Default {@link RetryPolicy#DEFAULT}. */
    public PoolConfigBuilder retry(UnaryOperator<RetryPolicy> change) {
        retry = change.apply(retry);
        return this;
    }

    /** Changes how many calls may be tried again at a time, and for how long. Default {@link RecoveryPolicy#DEFAULT}. */
    public PoolConfigBuilder recovery(UnaryOperator<RecoveryPolicy> change) {
        recovery = change.apply(recovery);
        return this;
    }

    /** Changes when calls are refused because of those before them. Default {@link CircuitBreakerPolicy#DEFAULT}. */
    public PoolConfigBuilder circuitBreaker(UnaryOperator<CircuitBreakerPolicy> change) {
        circuitBreaker = change.apply(circuitBreaker);
        return this;
    }

    /** Changes when a call counts as poison. Default {@link PoisonPolicy#DEFAULT}. */
    public PoolConfigBuilder poison(UnaryOperator<PoisonPolicy> change) {
        poison = change.apply(poison);
        return this;
    }

    /** Changes when workers that work are replaced. Default {@link RecyclePolicy#DEFAULT}: never. */
    public PoolConfigBuilder recycling(UnaryOperator<RecyclePolicy> change) {
        recycling = change.apply(recycling);
        return this;
    }

    /** Changes how workers' memory is measured and limited. Default {@link MemoryPolicy#DEFAULT}: not at all. */
    public PoolConfigBuilder memory(UnaryOperator<MemoryPolicy> change) {
        memory = change.apply(memory);
        return this;
    }

    /** Changes how bytes and arrays travel. Default {@link AttachmentPolicy#DEFAULT}. */
    public PoolConfigBuilder attachments(UnaryOperator<AttachmentPolicy> change) {
        attachments = change.apply(attachments);
        return this;
    }

    /** Changes from what workers are forked. Default {@link TemplatePolicy#DEFAULT}: each loads everything itself. */
    public PoolConfigBuilder template(UnaryOperator<TemplatePolicy> change) {
        template = change.apply(template);
        return this;
    }

    /** Changes what becomes of calls when the pool closes. Default {@link DrainPolicy#DEFAULT}: they are finished. */
    public PoolConfigBuilder drain(UnaryOperator<DrainPolicy> change) {
        drain = change.apply(drain);
        return this;
    }

    /** Changes how far streams may be ahead of their consumers. Default {@link StreamPolicy#DEFAULT}. */
    public PoolConfigBuilder streams(UnaryOperator<StreamPolicy> change) {
        streams = change.apply(streams);
        return this;
    }

    /** Adds a function that handlers may call with {@code ctx.jvm(name, ...)}, in the place of one of the same name. Default none. */
    public PoolConfigBuilder function(String name, PoolFunction function) {
        return functions(all -> all.with(name, function));
    }

    /** Changes the functions and their bounds. Default {@link FunctionPolicy#DEFAULT}. */
    public PoolConfigBuilder functions(UnaryOperator<FunctionPolicy> change) {
        functions = change.apply(functions);
        return this;
    }

    /** Changes how sessions are kept. Default {@link SessionPolicy#DEFAULT}. */
    public PoolConfigBuilder sessions(UnaryOperator<SessionPolicy> change) {
        sessions = change.apply(sessions);
        return this;
    }

    /** Sets the store of sessions, which is not closed by the pool. Default: one of its own, see {@link SessionPolicy#store()}. */
    public PoolConfigBuilder sessionStore(SessionStore store) {
        sessionStore = store;
        return this;
    }

    /** Changes when alarms are raised. Default {@link AlertPolicy#DEFAULT}. */
    public PoolConfigBuilder alerts(UnaryOperator<AlertPolicy> change) {
        alerts = change.apply(alerts);
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

    /** Sets how many failed checks or probes in a row end a worker; 1 to 100. Default 3. */
    public PoolConfigBuilder maxHealthFailures(int failures) {
        maxHealthFailures = failures;
        return this;
    }

    /** Sets how long a handler that has called {@code ctx.progress()} may go without it; 0 means for ever, to 1 day. Default 0. */
    public PoolConfigBuilder stallTimeout(Duration limit) {
        stallTimeout = limit;
        return this;
    }

    /** Changes how degraded workers are tried. Default {@link ProbePolicy#DEFAULT}. */
    public PoolConfigBuilder probes(UnaryOperator<ProbePolicy> change) {
        probes = change.apply(probes);
        return this;
    }

    /** Changes when a worker is an outlier. Default {@link OutlierPolicy#DEFAULT}. */
    public PoolConfigBuilder outliers(UnaryOperator<OutlierPolicy> change) {
        outliers = change.apply(outliers);
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

    /**
     * Sets how many lines a worker may print, and records of Python's {@code logging} it may log, per second and together; 1 to
     * 1,000,000. Default 1,000. What is discarded, or below the level of its logger, does not count.
     */
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

    /** Sets whether the end of each call is a {@link PoolEvent.CallEnded}, which costs each call a message. Default no. */
    public PoolConfigBuilder callEvents(boolean wanted) {
        callEvents = wanted;
        return this;
    }

    /** Sets a listener that is told every event on the pool's event thread; it must not block. Default none. */
    public PoolConfigBuilder eventListener(Consumer<PoolEvent> listener) {
        eventListener = listener;
        return this;
    }

    /**
     * Checks everything and returns the configuration.
     *
     * @throws InvalidPoolConfig when anything is wrong, naming every problem
     */
    public PoolConfig build() {
        PoolConfigChecks.check(this);
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
                new PoolConfig.Operation(mode, profile, with, without),
                new PoolConfig.Sizing(workers(), overflow, overflowIdle, minReady, startMode, queueCapacity),
                new PoolConfig.CallDefaults(
                        callTimeout,
                        maxRetries,
                        new Limits(maxBodyBytes, attachments.mostInAFrame(), Limits.DEFAULTS.maxAttachmentCount())),
                new PoolConfig.Timeouts(
                        connectTimeout, loadTimeout, stackDump, cancelGrace, terminateGrace, drainGrace),
                new PoolConfig.Restart(minBackoff, maxBackoff, backoffJitter, stableAfter),
                retry,
                recovery,
                circuitBreaker,
                poison,
                alerts,
                recycling,
                memory,
                attachments,
                template,
                drain,
                streams,
                functions,
                sessions,
                sessionStore,
                new PoolConfig.Health(healthInterval, healthTimeout, maxHealthFailures, stallTimeout),
                probes,
                outliers,
                new PoolConfig.Output(output, maxLineBytes, maxLinesPerSecond, tailLines),
                new PoolConfig.Callbacks(callbackExecutor, callbackThreads, callbackQueueCapacity),
                runtimeDirectory,
                objectMapper,
                callEvents,
                eventListener);
    }
}
