package dev.vivarium.programs;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.vivarium.PendingCall;
import dev.vivarium.PendingReplies;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerReplies;
import dev.vivarium.session.PythonSession;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The programs of a session: created, run and kept there, so they outlive workers. The pool has to load {@link #HANDLERS}.
 * Immutable and thread-safe; getting one costs nothing.
 *
 * <p>A call fails as any call of a session does. What the caller has to change is a {@link dev.vivarium.PythonException} whose
 * {@code pythonType()} ends in {@code InvalidSignature}, {@code InvalidInput}, {@code LimitExceeded}, {@code ProgramNotFound},
 * {@code ProgramExists} or {@code BackendFailed}, and whose text names the limit and the value.
 */
public final class Programs {

    /** The handler source that has the programs, for {@link dev.vivarium.PoolConfigBuilder#handlers}. */
    public static final String HANDLERS = "vivarium_worker.programs";

    /** The name of the setting by which {@link #configure} makes the language model known. */
    public static final String SETTING = "programs.language-model";

    private final PythonSession session;
    private final @Nullable Duration timeout;

    private Programs(PythonSession session, @Nullable Duration timeout) {
        this.session = session;
        this.timeout = timeout;
    }

    /** Returns the programs of a session. */
    public static Programs of(PythonSession session) {
        return new Programs(session, null);
    }

    /**
     * Has all workers ask this language model, those there are and those that will be. A model that DSPy refuses in the first
     * worker leaves the one before in force; see {@link PythonPool#configure}.
     */
    public static CompletionStage<WorkerReplies<ProgramsWorker>> configure(PythonPool pool, LanguageModel model) {
        return pool.configure(
                SETTING,
                PythonCall.to("programs.configure")
                        .keyword("model", model.name())
                        .keyword("options", model.options())
                        .returning(ProgramsWorker.class));
    }

    /** Asks every worker that is up what it runs programs with. */
    public static PendingReplies<ProgramsWorker> ping(PythonPool pool) {
        return pool.callAll(PythonCall.to("programs.ping").returning(ProgramsWorker.class));
    }

    /**
     * Returns these programs with a time limit for each call, in place of the pool's.
     *
     * @throws IllegalArgumentException when it is not positive, or longer than {@link PythonCall#MAX_TIMEOUT}
     */
    public Programs timeout(Duration limit) {
        var unused = PythonCall.to("programs.ping").timeout(limit);
        return new Programs(session, limit);
    }

    /** Creates a program. Fails with {@code ProgramExists} when the session has one of that id. */
    public PendingCall<Program> create(ProgramSpec spec) {
        return session.call(call("create")
                .keyword("id", spec.id())
                .keyword("signature", spec.signature())
                .keyword("kind", spec.kindWord())
                .keyword("instructions", spec.instructions())
                .returning(Program.class));
    }

    /**
     * Runs a program.
     *
     * @param inputs a value for each of its inputs, by name
     */
    public PendingCall<ProgramAnswer> execute(String id, Map<String, ?> inputs) {
        return session.call(
                call("execute").keyword("id", id).keyword("inputs", inputs).returning(ProgramAnswer.class));
    }

    /** Returns the session's programs, by id. */
    public PendingCall<List<Program>> list() {
        return session.call(call("list").returning(new TypeReference<List<Program>>() {}));
    }

    /** Returns a program. */
    public PendingCall<Program> get(String id) {
        return session.call(call("get").keyword("id", id).returning(Program.class));
    }

    /** Deletes a program and returns it as it was. */
    public PendingCall<Program> delete(String id) {
        return session.call(call("delete").keyword("id", id).returning(Program.class));
    }

    /** Returns what the session has, and has had. */
    public PendingCall<ProgramStats> stats() {
        return session.call(call("stats").returning(ProgramStats.class));
    }

    /** Deletes all programs of the session and returns how many there were; what was counted stays. */
    public PendingCall<Integer> cleanup() {
        return session.call(call("cleanup").returning(Integer.class));
    }

    /** Deletes all programs of the session and what was counted, and returns how many programs there were. */
    public PendingCall<Integer> reset() {
        return session.call(call("reset").returning(Integer.class));
    }

    private PythonCall<?> call(String what) {
        PythonCall<?> call = PythonCall.to("programs." + what);
        return timeout == null ? call : call.timeout(timeout);
    }

    /** Names the session. */
    @Override
    public String toString() {
        return "Programs(" + session.id() + ")";
    }
}
