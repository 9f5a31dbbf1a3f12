package dev.vivarium.internal.worker;

import dev.vivarium.PoolConfig;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerExit;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.ExitDiagnosis;
import dev.vivarium.internal.core.SlotState;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.Exited;
import dev.vivarium.protocol.message.MemoryUse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is known about how one incarnation ends, gathered as it becomes known. */
final class EndRecord {

    private final PoolContext context;
    private final int slot;
    private final int incarnation;
    private @Nullable ExitDiagnosis diagnosis;
    private @Nullable Exited report;
    private @Nullable ErrorBody loadError;
    private @Nullable String detail;
    private @Nullable String worn;
    private @Nullable String preparing;
    private @Nullable MemoryUse excess;
    private long memory = -1;
    private String stacks = "";
    private long pid;
    private boolean over;

    EndRecord(PoolContext context, int slot, int incarnation) {
        this.context = context;
        this.slot = slot;
        this.incarnation = incarnation;
    }

    void pid(long id) {
        pid = id;
    }

    /** Returns the process id while the process lives, else 0. */
    long livePid() {
        return over ? 0 : pid;
    }

    /** Says what happened to this incarnation, as a clause; the first one stays. */
    void detail(int ofIncarnation, String clause) {
        if (detail == null && ofIncarnation == incarnation) {
            detail = clause;
        }
    }

    /** Says why it is due to be replaced, as a clause; the first one stays. */
    void worn(String clause) {
        if (worn == null) {
            worn = clause;
        }
    }

    /** Takes a measurement; the first one over the limit stays. Returns whether it is over it. */
    boolean measured(MemoryUse use) {
        memory = use.bytes();
        long limit = context.config().memory().limit();
        boolean tooMuch = limit > 0 && use.bytes() > limit;
        if (tooMuch && excess == null) {
            excess = use;
        }
        return tooMuch;
    }

    /** Returns the memory of the process tree while it lives, -1 when it is unknown. */
    long liveMemory() {
        return over ? -1 : memory;
    }

    /** Notes what the threads of the process did when it did not end a call; nothing replaces something by nothing. */
    void stacks(String read) {
        if (!read.isEmpty()) {
            stacks = read;
        }
    }

    /** Says which setting it has been given before it is ready; null once it has them all. */
    void preparing(@Nullable String setting) {
        preparing = setting;
    }

    /** It has not taken a setting, which counts as a failure to load. */
    void refused(String settingAndReason, ErrorBody error) {
        detail(incarnation, "did not take " + settingAndReason);
        loadError(incarnation, error);
    }

    void loadError(int ofIncarnation, ErrorBody error) {
        if (ofIncarnation == incarnation) {
            loadError = error;
            detail(ofIncarnation, "could not load its handlers: " + error.message());
        }
    }

    @Nullable
    ErrorBody loadError() {
        return loadError;
    }

    /** Takes the guardian's report and returns what it shows of the driver's process, which has ended in this state. */
    TransitionCause report(Exited exited, SlotState state, @Nullable WorkerDriver driver) {
        report = exited;
        boolean loading = state instanceof SlotState.Starting
                || (state instanceof SlotState.Ending ending && ending.from() == WorkerState.INITIALIZING);
        ExitDiagnosis found = ExitDiagnosis.of(exited.status(), exited.oomKills(), exited.maxRssKiB())
                .of(loading, driver != null && driver.couldNotRead());
        diagnosis = found;
        return found.cause();
    }

    /** Returns the description of the end. */
    WorkerExit exit(TransitionCause cause, List<String> lastLines) {
        over = true;
        return new WorkerExit(
                context.worker(slot),
                incarnation,
                pid,
                cause,
                diagnosis == null ? -1 : diagnosis.status(),
                diagnosis == null ? 0 : diagnosis.signal(),
                report == null ? 0 : report.maxRssKiB(),
                report == null ? -1 : report.oomKills(),
                context.worker(slot) + ", incarnation " + incarnation + (pid == 0 ? "" : ", pid " + pid) + ", "
                        + explain(cause),
                lastLines,
                stacks);
    }

    /** Says what happened in one clause: our own reason where we ended it, else what the operating system reported. */
    private String explain(TransitionCause cause) {
        PoolConfig.Timeouts limits = context.config().timeouts();
        String own = switch (cause) {
            case CONNECT_TIMEOUT -> "did not say hello within " + limits.connect();
            case LOAD_TIMEOUT ->
                (preparing == null
                                ? "did not load its handlers"
                                : "did not take " + preparing + ", after its handlers,")
                        + " within " + limits.load();
            case HUNG -> "did not end a call within " + limits.cancelGrace() + " of its deadline or cancellation";
            case UNHEALTHY -> "failed " + context.config().health().maxFailures() + " health checks or probes in a row";
            case GUARDIAN_LOST -> "ended with its guardian";
            case RETIRED -> "was retired";
            case RECYCLED -> worn == null ? "was recycled on demand" : "was recycled: " + worn;
            case MEMORY_LIMIT -> excess == null ? detail : outgrown(excess);
            case DRAINED -> "was drained";
            case PROTOCOL_VIOLATION -> detail == null ? "closed one of its channels while it lived" : detail;
            default -> detail;
        };
        if (own != null) {
            return own;
        }
        return diagnosis == null ? "ended" : diagnosis.text();
    }

    private String outgrown(MemoryUse use) {
        return "was killed: it had " + Mebibytes.text(use.bytes()) + " of memory in " + use.processes()
                + (use.processes() == 1 ? " process" : " processes") + ", and memory.limit is "
                + Mebibytes.text(context.config().memory().limit());
    }
}
