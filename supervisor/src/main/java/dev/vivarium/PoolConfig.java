package dev.vivarium;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import dev.vivarium.internal.config.ConfigBlock;
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

/**
 * Everything a pool needs to know, checked and immutable. Made by {@link #builder()} or {@link #fromConfig(Config)} and in no
 * other way.
 */
public sealed interface PoolConfig permits CheckedPoolConfig {

    /** The most workers, overflow included, that one pool may have. */
    int MAX_WORKERS = 1024;

    /** Returns the pool's name, unique within its actor system. */
    String name();

    /** Returns Python files (ending in {@code .py}) and module names that define handlers. */
    List<String> handlers();

    /** Returns which Python runs, and in which surroundings. */
    Interpreter interpreter();

    /** Returns what the pool is, and which safeguards it has. */
    Operation operation();

    /** Returns how many workers, and how many calls may wait. */
    Sizing sizing();

    /** Returns what holds for a call that does not say otherwise. */
    CallDefaults calls();

    /** Returns how long the steps of a worker's life may take. */
    Timeouts timeouts();

    /** Returns how a slot waits between failed starts. */
    Restart restart();

    /** Returns how calls that lost their worker are repeated. */
    RetryPolicy retry();

    /** Returns how many calls may be tried again at a time, and for how long. */
    RecoveryPolicy recovery();

    /** Returns when calls are refused because others before them broke something. */
    CircuitBreakerPolicy circuitBreaker();

    /** Returns when a call counts as poison. */
    PoisonPolicy poison();

    /** Returns when alarms are raised. */
    AlertPolicy alerts();

    /** Returns when workers that work are replaced. */
    RecyclePolicy recycling();

    /** Returns how workers' memory is measured and limited. */
    MemoryPolicy memory();

    /** Returns how bytes and arrays travel. */
    AttachmentPolicy attachments();

    /** Returns whether workers are forked from a template, and what that has loaded. */
    TemplatePolicy template();

    /** Returns what becomes of calls when the pool closes. */
    DrainPolicy drain();

    /** Returns how far streams may be ahead of their consumers. */
    StreamPolicy streams();

    /** Returns the functions that handlers may call, and within which bounds. */
    FunctionPolicy functions();

    /** Returns how sessions are kept. */
    SessionPolicy sessions();

    /** Returns the store that sessions are kept in, or null for one of the pool's own, see {@link SessionPolicy#store()}. */
    @Nullable
    SessionStore sessionStore();

    /** Returns how workers are checked. */
    Health health();

    /** Returns how degraded workers are tried. */
    ProbePolicy probes();

    /** Returns when a worker is an outlier. */
    OutlierPolicy outliers();

    /** Returns what becomes of workers' output. */
    Output output();

    /** Returns where callers' callbacks run. */
    Callbacks callbacks();

    /** Returns the folder in which the pool makes its private directory. */
    Path runtimeDirectory();

    /** Returns what converts arguments and results; the pool copies it. */
    ObjectMapper objectMapper();

    /** Returns whether the end of each call is an event. */
    boolean callEvents();

    /** Returns who is told every event, on the pool's event thread, or null. */
    @Nullable
    Consumer<PoolEvent> eventListener();

    /**
     * Which Python runs, and in which surroundings.
     *
     * @param python the interpreter: a path, or a name looked up on the PATH
     * @param arguments arguments for the interpreter itself, such as {@code -X utf8}
     * @param pythonPath folders put before {@code sys.path}
     * @param workingDirectory the workers' working directory; null means the JVM's
     * @param environment variables set for workers
     * @param inherited names, or prefixes ending in {@code *}, of the JVM's variables that workers may see
     * @param computeThreads threads that BLAS and OpenMP libraries may use in each worker
     */
    record Interpreter(
            String python,
            List<String> arguments,
            List<Path> pythonPath,
            @Nullable Path workingDirectory,
            Map<String, String> environment,
            List<String> inherited,
            int computeThreads) {

        /** Names the variables, never their values: they may be secrets. */
        @Override
        public String toString() {
            return "Interpreter[python=" + python + ", arguments=" + arguments + ", pythonPath=" + pythonPath
                    + ", workingDirectory=" + workingDirectory + ", environment=" + environment.keySet()
                    + ", inherited="
                    + inherited + ", computeThreads=" + computeThreads + "]";
        }
    }

    /**
     * What the pool is, and which safeguards it has.
     *
     * @param mode many workers, one or none
     * @param profile the safeguards to begin with
     * @param with those it has besides
     * @param without those it has not
     */
    record Operation(PoolMode mode, Profile profile, Set<Safeguard> with, Set<Safeguard> without) {

        /** Copies the sets. */
        public Operation {
            with = Set.copyOf(with);
            without = Set.copyOf(without);
        }

        /** Returns whether the pool has a safeguard. */
        public boolean has(Safeguard safeguard) {
            return with.contains(safeguard)
                    || (profile.safeguards().contains(safeguard) && !without.contains(safeguard));
        }
    }

    /**
     * How many workers, and how many calls may wait.
     *
     * @param workers workers that the pool keeps
     * @param overflow further workers while calls wait
     * @param overflowIdle how long an overflow worker may idle before it is retired
     * @param minReady workers that must be ready before the pool counts as serving
     * @param startMode when workers are started
     * @param queueCapacity calls that may wait
     */
    record Sizing(
            int workers, int overflow, Duration overflowIdle, int minReady, StartMode startMode, int queueCapacity) {}

    /**
     * What holds for a call that does not say otherwise.
     *
     * @param timeout its time limit, queue and retries included
     * @param maxRetries how often it is sent again, where that is allowed at all
     * @param limits sizes of what is sent and received
     */
    record CallDefaults(Duration timeout, int maxRetries, Limits limits) {}

    /**
     * How long the steps of a worker's life may take.
     *
     * @param connect from the start of the process to its hello
     * @param load from its hello to having loaded the handlers
     * @param stackDump how long a worker has to tell what its threads do, when a call's deadline has passed and when it did
     *     not end a cancelled call; zero when it is not asked
     * @param cancelGrace from a call's deadline or cancellation to the worker being idle again
     * @param terminateGrace from SIGTERM, because a worker did not end a call, to SIGKILL; zero for SIGKILL at once
     * @param drainGrace from the request to end to the end of an idle worker
     */
    record Timeouts(
            Duration connect,
            Duration load,
            Duration stackDump,
            Duration cancelGrace,
            Duration terminateGrace,
            Duration drainGrace) {}

    /**
     * How a slot waits between failed starts.
     *
     * @param minBackoff the first wait
     * @param maxBackoff the longest wait; each is twice the one before
     * @param jitter how far a wait may be shortened or lengthened at random, as a share of it, 0 to 1
     * @param stableAfter how long a worker must have been ready for its slot's failures to be forgotten
     */
    record Restart(Duration minBackoff, Duration maxBackoff, double jitter, Duration stableAfter) {}

    /**
     * How workers are checked.
     *
     * @param interval time between checks of an idle worker
     * @param timeout how long a worker has to answer
     * @param maxFailures failures in a row that end a worker
     * @param stallTimeout how long a handler that reports progress may go without; zero means for ever
     */
    record Health(Duration interval, Duration timeout, int maxFailures, Duration stallTimeout) {}

    /**
     * What becomes of workers' output.
     *
     * @param handling log or discard
     * @param maxLineBytes longer lines are cut
     * @param maxLinesPerSecond per worker, printed lines and log records together; more are dropped and counted
     * @param tailLines last lines of standard error that are kept for error messages
     */
    record Output(OutputHandling handling, int maxLineBytes, int maxLinesPerSecond, int tailLines) {}

    /**
     * Where callers' callbacks run.
     *
     * @param executor the caller's own executor, or null for one of the pool's
     * @param threads the most threads of the pool's own
     * @param queueCapacity callbacks that may wait for the pool's own; beyond it they wait for one further thread
     */
    record Callbacks(@Nullable Executor executor, int threads, int queueCapacity) {}

    /** Returns a builder with every option at its default. */
    static PoolConfigBuilder builder() {
        return new PoolConfigBuilder();
    }

    /**
     * Returns a builder filled from a {@code vivarium} block; options that the block leaves out have their defaults.
     *
     * @param root a configuration with a {@code vivarium} block, such as {@code ConfigFactory.load()}
     * @throws InvalidPoolConfig when a key is unknown or a value has the wrong type; all such problems at once
     */
    static PoolConfigBuilder fromConfig(Config root) {
        return ConfigBlock.read(root);
    }

    /** Returns a builder with this configuration's values. */
    default PoolConfigBuilder toBuilder() {
        return new PoolConfigBuilder(this);
    }
}
