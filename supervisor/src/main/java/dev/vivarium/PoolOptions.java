package dev.vivarium;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.protocol.Limits;
import dev.vivarium.session.SessionStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A pool's options as they have been set so far, unchecked, and their defaults. */
abstract sealed class PoolOptions permits PoolConfigBuilder {

    private static final int CPUS = Runtime.getRuntime().availableProcessors();

    String name = "python";
    List<String> handlers = List.of();
    String python = "python3";
    List<String> interpreterArguments = List.of();
    List<Path> pythonPath = List.of();

    @Nullable
    Path workingDirectory;

    Map<String, String> environment = Map.of();
    List<String> inherited = PoolConfigBuilder.DEFAULT_INHERITED;
    int computeThreads = 1;
    PoolMode mode = PoolMode.POOL;
    Profile profile = Profile.FULL;
    Set<Safeguard> with = Set.of();
    Set<Safeguard> without = Set.of();

    @Nullable
    Integer workers;

    int overflow;
    Duration overflowIdle = Duration.ofMinutes(1);
    int minReady = 1;
    StartMode startMode = StartMode.EAGER;
    int queueCapacity = 1000;
    Duration callTimeout = Duration.ofMinutes(1);
    int maxRetries = 3;
    int maxBodyBytes = Limits.DEFAULTS.maxBodyBytes();
    Duration connectTimeout = Duration.ofSeconds(10);
    Duration loadTimeout = Duration.ofMinutes(2);
    Duration stackDump = Duration.ofMillis(100);
    Duration cancelGrace = Duration.ofSeconds(2);
    Duration terminateGrace = Duration.ofMillis(500);
    Duration drainGrace = Duration.ofSeconds(5);
    Duration minBackoff = Duration.ofMillis(200);
    Duration maxBackoff = Duration.ofSeconds(30);
    double backoffJitter = 0.2;
    Duration stableAfter = Duration.ofSeconds(30);
    RetryPolicy retry = RetryPolicy.DEFAULT;
    RecoveryPolicy recovery = RecoveryPolicy.DEFAULT;
    CircuitBreakerPolicy circuitBreaker = CircuitBreakerPolicy.DEFAULT;
    PoisonPolicy poison = PoisonPolicy.DEFAULT;
    DrainPolicy drain = DrainPolicy.DEFAULT;
    AlertPolicy alerts = AlertPolicy.DEFAULT;
    RecyclePolicy recycling = RecyclePolicy.DEFAULT;
    MemoryPolicy memory = MemoryPolicy.DEFAULT;
    AttachmentPolicy attachments = AttachmentPolicy.DEFAULT;
    TemplatePolicy template = TemplatePolicy.DEFAULT;
    StreamPolicy streams = StreamPolicy.DEFAULT;
    FunctionPolicy functions = FunctionPolicy.DEFAULT;
    SessionPolicy sessions = SessionPolicy.DEFAULT;

    @Nullable
    SessionStore sessionStore;

    Duration healthInterval = Duration.ofSeconds(30);
    Duration healthTimeout = Duration.ofSeconds(5);
    int maxHealthFailures = 3;
    Duration stallTimeout = Duration.ZERO;
    ProbePolicy probes = ProbePolicy.DEFAULT;
    OutlierPolicy outliers = OutlierPolicy.DEFAULT;
    OutputHandling output = OutputHandling.LOG;
    int maxLineBytes = 8192;
    int maxLinesPerSecond = 1000;
    int tailLines = 50;

    @Nullable
    Executor callbackExecutor;

    int callbackThreads = Math.max(2, CPUS);
    int callbackQueueCapacity = 10_000;
    Path runtimeDirectory = Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
    ObjectMapper objectMapper = new ObjectMapper();
    boolean callEvents;

    @Nullable
    Consumer<PoolEvent> eventListener;

    PoolOptions() {}

    PoolOptions(PoolConfig from) {
        name = from.name();
        handlers = from.handlers();
        python = from.interpreter().python();
        interpreterArguments = from.interpreter().arguments();
        pythonPath = from.interpreter().pythonPath();
        workingDirectory = from.interpreter().workingDirectory();
        environment = from.interpreter().environment();
        inherited = from.interpreter().inherited();
        computeThreads = from.interpreter().computeThreads();
        mode = from.operation().mode();
        profile = from.operation().profile();
        with = from.operation().with();
        without = from.operation().without();
        workers = mode == PoolMode.SINGLE ? null : Integer.valueOf(from.sizing().workers());
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
        stackDump = from.timeouts().stackDump();
        cancelGrace = from.timeouts().cancelGrace();
        terminateGrace = from.timeouts().terminateGrace();
        drainGrace = from.timeouts().drainGrace();
        minBackoff = from.restart().minBackoff();
        maxBackoff = from.restart().maxBackoff();
        backoffJitter = from.restart().jitter();
        stableAfter = from.restart().stableAfter();
        retry = from.retry();
        recovery = from.recovery();
        circuitBreaker = from.circuitBreaker();
        poison = from.poison();
        alerts = from.alerts();
        recycling = from.recycling();
        drain = from.drain();
        memory = from.memory();
        attachments = from.attachments();
        template = from.template();
        streams = from.streams();
        functions = from.functions();
        sessions = from.sessions();
        sessionStore = from.sessionStore();
        healthInterval = from.health().interval();
        healthTimeout = from.health().timeout();
        maxHealthFailures = from.health().maxFailures();
        stallTimeout = from.health().stallTimeout();
        probes = from.probes();
        outliers = from.outliers();
        output = from.output().handling();
        maxLineBytes = from.output().maxLineBytes();
        maxLinesPerSecond = from.output().maxLinesPerSecond();
        tailLines = from.output().tailLines();
        callbackExecutor = from.callbacks().executor();
        callbackThreads = from.callbacks().threads();
        callbackQueueCapacity = from.callbacks().queueCapacity();
        runtimeDirectory = from.runtimeDirectory();
        objectMapper = from.objectMapper();
        callEvents = from.callEvents();
        eventListener = from.eventListener();
    }

    /** Returns how many workers the pool keeps. */
    int workers() {
        return workers != null ? workers : mode == PoolMode.SINGLE ? 1 : CPUS;
    }
}
