package dev.vivarium.chaos.internal.twin;

import dev.vivarium.CallAttempt;
import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import dev.vivarium.bench.load.LoadPlan;
import dev.vivarium.chaos.LoadSpec;
import dev.vivarium.chaos.internal.Call;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.CallIntake;
import dev.vivarium.internal.call.SessionTicket;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.Ledger;
import dev.vivarium.testkit.SessionHistory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Makes the calls of a scenario's load, and keeps the books of callers and of workers. For one thread. */
final class TwinCalls {

    /** The handler that counts a session up. */
    static final String COUNT = LoadSpec.COUNT;

    /** Where a session has its count. */
    static final String COUNTER = "count";

    /** What is known of one call. */
    private static final class Entry {
        private final Call call;
        private final @Nullable String session;
        private final boolean counts;
        private final long begun;
        private @Nullable ActiveCall active;
        private @Nullable PoolException error;
        private int starts;
        private int ends;

        Entry(Call call, @Nullable String session, boolean counts, long begun) {
            this.call = call;
            this.session = session;
            this.counts = counts;
            this.begun = begun;
        }
    }

    private final World world;
    private final Consumer<ActiveCall> router;
    private final SplittableRandom random;
    private final SessionHistory sessions = new SessionHistory();
    private final List<Call> calls = new ArrayList<>();
    private final Map<Long, Entry> byId = new TreeMap<>();
    private long ids;
    private int open;

    TwinCalls(World world, Consumer<ActiveCall> router) {
        this.world = world;
        this.router = router;
        this.random = world.streams.stream("sessions");
    }

    static byte[] bytes(long number) {
        return Long.toString(number).getBytes(StandardCharsets.UTF_8);
    }

    static long number(byte[] text) {
        return Long.parseLong(new String(text, StandardCharsets.UTF_8));
    }

    /** Returns the most that one of the attempts, or what is known now, may have done. */
    static Execution most(List<CallAttempt> attempts, Execution now) {
        Execution most = now;
        for (CallAttempt attempt : attempts) {
            most = attempt.execution().compareTo(most) > 0 ? attempt.execution() : most;
        }
        return most;
    }

    /** Has the calls of the load come from now on. */
    void begin(LoadPlan plan, long seed) {
        next(plan, plan.arrivals(seed), world.time.nanoTime());
    }

    private void next(LoadPlan plan, Iterator<LoadPlan.Arrival> arrivals, long begin) {
        if (arrivals.hasNext()) {
            LoadPlan.Arrival arrival = arrivals.next();
            world.time.after(begin + arrival.nanos() - world.time.nanoTime(), () -> {
                String operation = plan.operations().get(arrival.operation()).name();
                if (open < world.scenario.load().maxInFlight()) {
                    make(
                            operation,
                            "s" + (1 + random.nextInt(world.scenario.load().sessions())));
                } else {
                    Call call = new Call(calls.size(), operation, world.notes.now(), world.notes.now());
                    calls.add(call);
                    call.end(Call.Outcome.DROPPED, world.notes.now(), 0, null, null);
                }
                next(plan, arrivals, begin);
            });
        }
    }

    /** Makes a call now, and keeps books of it; {@code session} counts only for the operations that have one. */
    Call make(String operation, String session) {
        long now = world.notes.now();
        Call call = new Call(calls.size(), operation, now, now);
        calls.add(call);
        enter(call, operation, session);
        return call;
    }

    /** Makes a call that is in no book of the load's. */
    Call probe(String operation, String session) {
        Call call = new Call(-1, operation, world.notes.now(), world.notes.now());
        enter(call, operation, session);
        return call;
    }

    private void enter(Call call, String operation, String session) {
        boolean inSession = operation.equals(LoadSpec.COUNT) || operation.equals(LoadSpec.READ);
        long id = ++ids;
        Entry entry = new Entry(call, inSession ? session : null, operation.equals(COUNT), sessions.begin());
        byId.put(id, entry);
        open++;
        LoadSpec load = world.scenario.load();
        PythonCall<?> python =
                PythonCall.to(operation).args(id, load.work().toMillis()).timeout(load.timeout());
        if (operation.equals(LoadSpec.SAFE)) {
            python = python.retrySafe();
        }
        ActiveCall active =
                CallIntake.admit(world.context, python, id, new Told(entry), error -> failed(entry, error, 0));
        if (active != null) {
            entry.active = active;
            if (inSession) {
                active.session(
                        new SessionTicket(session, world.config.sessions().mode(), false, null));
            }
            router.accept(active);
        }
    }

    /** Gets the outcome of a call. */
    private final class Told implements ActiveCall.Sink {
        private final Entry entry;

        Told(Entry entry) {
            this.entry = entry;
        }

        @Override
        public void succeeded(ActiveCall active, byte[] body) {
            String text = new String(body, StandardCharsets.UTF_8);
            Call.Outcome outcome = Call.Outcome.OK;
            if (text.equals(TwinProcess.FORGED)) {
                outcome = Call.Outcome.FORGED;
                if (entry.counts && entry.session != null) {
                    sessions.unknown(entry.session, entry.begun);
                }
            } else if (entry.session == null) {
                outcome = text.equals(Long.toString(active.id())) ? Call.Outcome.OK : Call.Outcome.WRONG;
            } else if (entry.counts) {
                sessions.incremented(entry.session, entry.begun, Long.parseLong(text));
            } else {
                sessions.read(entry.session, entry.begun, Long.parseLong(text));
            }
            end(entry, outcome, active.sent(), null);
        }

        @Override
        public void failed(ActiveCall active, PoolException error) {
            TwinCalls.this.failed(entry, error, active.sent());
        }
    }

    private void failed(Entry entry, PoolException error, int sent) {
        entry.error = error;
        if (entry.session != null && entry.counts && error.execution() != Execution.NOT_STARTED) {
            sessions.unknown(entry.session, entry.begun);
        }
        end(entry, Call.Outcome.FAILED, sent, error);
    }

    private void end(Entry entry, Call.Outcome outcome, int sent, @Nullable PoolException error) {
        open--;
        entry.call.end(
                outcome,
                world.notes.now(),
                sent,
                error == null ? null : error.getClass().getSimpleName(),
                error == null ? null : error.execution());
        world.notes
                .line("end")
                .with("number", entry.call.number())
                .with("outcome", outcome)
                .with("error", entry.call.error())
                .with("attempts", sent)
                .write();
    }

    /** A worker says that it has started a call. */
    void started(long id) {
        Entry entry = byId.get(id);
        if (entry != null) {
            entry.starts++;
        }
    }

    /** A worker says that a call has run to its end. */
    void finished(long id) {
        Entry entry = byId.get(id);
        if (entry != null) {
            entry.ends++;
        }
    }

    /** Returns how many calls have not ended. */
    int open() {
        return open;
    }

    /** Returns whether a call has not ended. */
    boolean isOpen(long id) {
        Entry entry = byId.get(id);
        return entry != null && entry.call.outcome() == Call.Outcome.OPEN;
    }

    List<Call> all() {
        return List.copyOf(calls);
    }

    /** Returns the attempts of each call that lost a worker. */
    List<List<CallAttempt>> attempts() {
        List<List<CallAttempt>> all = new ArrayList<>();
        for (Entry entry : byId.values()) {
            ActiveCall active = entry.active;
            if (active != null && !active.attempts().isEmpty()) {
                all.add(active.attempts());
            }
        }
        return all;
    }

    List<SessionHistory.Finding> sessionFindings() {
        return sessions.check();
    }

    /** Compares the books of callers and workers, by the kit's rules. */
    Ledger.Report ledger() {
        List<Ledger.Finding> findings = new ArrayList<>();
        int ok = 0;
        int failed = 0;
        int unknown = 0;
        int executions = 0;
        for (Map.Entry<Long, Entry> each : byId.entrySet()) {
            Entry entry = each.getValue();
            executions += entry.starts;
            long id = each.getKey();
            PoolException error = entry.error;
            if (entry.call.outcome() == Call.Outcome.OPEN) {
                findings.add(new Ledger.Finding(Ledger.Problem.LOST, id, "never ended"));
            } else if (error == null) {
                ok++;
                if (entry.ends == 0) {
                    findings.add(new Ledger.Finding(
                            Ledger.Problem.FOREIGN, id, "was answered and never executed to its end"));
                }
            } else {
                boolean unsure = error.execution() == Execution.UNKNOWN;
                unknown += unsure ? 1 : 0;
                failed += unsure ? 0 : 1;
                if (error.execution() == Execution.NOT_STARTED && entry.starts > 0) {
                    findings.add(new Ledger.Finding(
                            Ledger.Problem.MISREPORTED, id, "counts as not started, and was executed"));
                } else if (error.execution() == Execution.RAN && entry.ends == 0) {
                    findings.add(new Ledger.Finding(
                            Ledger.Problem.MISREPORTED, id, "counts as run to its end, and was never executed to it"));
                }
            }
            starts(id, entry, findings);
        }
        return new Ledger.Report(byId.size(), ok, failed, unknown, executions, findings);
    }

    private static void starts(long id, Entry entry, List<Ledger.Finding> findings) {
        boolean safe = entry.call.operation().equals(LoadSpec.SAFE);
        int most = safe ? Math.max(1, entry.call.attempts()) : 1;
        // A call of a session is run again where its state has changed meanwhile, and what it did is dropped.
        if (entry.starts > most && entry.session == null) {
            findings.add(new Ledger.Finding(
                    Ledger.Problem.DUPLICATED,
                    id,
                    "started " + entry.starts + " times, at most " + most + " is right"));
        }
    }
}
