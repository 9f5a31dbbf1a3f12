package dev.vivarium.testkit;

import dev.vivarium.CallOutcome;
import dev.vivarium.PendingCall;
import dev.vivarium.PendingReplies;
import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.internal.ExecutionLog;
import dev.vivarium.testkit.internal.LedgerPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Every call of a test with its outcomes, compared with what the workers say they executed. Thread-safe.
 *
 * <p>Only handlers that keep the record are compared: those of the kit, those of a script and those marked {@code @recorded}.
 * Each of their answers must have an execution that ended; the answers of {@code echo}, {@code held} and {@code slow} must be
 * what went in. The calls of {@link dev.vivarium.PythonPool#flow} bear no id that a caller sees: of them, only more executions
 * than calls are found.
 */
public final class Ledger {

    /** What is wrong with the books. */
    public enum Problem {
        /** An accepted call never ended. */
        LOST,
        /** A call ended twice, or started more often than its attempts allow, or an execution of it ended more than once. */
        DUPLICATED,
        /** A call was answered with a result that no execution of it gave, or something was executed that nobody called. */
        FOREIGN,
        /** A call was said not to have started, and had; or to have run to its end, and had not. */
        MISREPORTED
    }

    /** A line that does not fit. */
    public record Finding(Problem problem, long callId, String detail) {
        /** Reads as a sentence. */
        @Override
        public String toString() {
            return problem + ": call " + callId + " " + detail;
        }
    }

    /**
     * The sums.
     *
     * @param calls calls made
     * @param ok answered
     * @param failed ended with an error that says whether the handler ran
     * @param unknown ended with an error that cannot say
     * @param executions times that a handler started
     * @param findings what does not fit
     */
    public record Report(int calls, int ok, int failed, int unknown, int executions, List<Finding> findings) {
        /** Returns how many findings there are of a kind. */
        public long count(Problem problem) {
            return findings.stream().filter(f -> f.problem() == problem).count();
        }

        /** One line of sums, and a line for each finding. */
        @Override
        public String toString() {
            return calls + " calls: " + ok + " ok, " + failed + " failed, " + unknown + " unknown, " + executions
                    + " executions"
                    + findings.stream().map(f -> "\n  " + f).collect(Collectors.joining());
        }
    }

    private record Call(
            PythonCall<?> call, @Nullable PendingCall<?> pending, Queue<CallOutcome<?>> outcomes, boolean replayable) {}

    private final Map<Long, Call> calls = new ConcurrentHashMap<>();
    private final ExecutionLog executed;
    private final Book book = new Book();
    private final Set<Long> streams = ConcurrentHashMap.newKeySet();
    private final List<PythonCall<?>> streamed = new ArrayList<>();
    private final Map<PendingReplies<?>, PythonCall<?>> toAll = new ConcurrentHashMap<>();
    private volatile Set<String> scripted;

    /**
     * Creates a ledger that compares with a record.
     *
     * @param scripted the handlers of a script; Python's tell themselves that they keep the record
     */
    Ledger(ExecutionLog executed, Set<String> scripted) {
        this.executed = executed;
        this.scripted = Set.copyOf(scripted);
    }

    /** The workers are real ones, whatever the layer. */
    void expectNoScript() {
        scripted = Set.of();
    }

    /** Where a pool writes its calls. */
    private final class Book implements LedgerPool.Book {
        @Override
        public void called(PythonCall<?> call, PendingCall<?> pending) {
            calls.put(pending.id(), new Call(call, pending, new ConcurrentLinkedQueue<>(), false));
        }

        @Override
        public void calledOnce(PythonCall<?> call, PendingCall<?> pending) {
            calls.put(pending.id(), new Call(call, pending, new ConcurrentLinkedQueue<>(), true));
        }

        @Override
        public void streams(PythonCall<?> call, PendingCall<Long> pending) {
            streams.add(pending.id());
            called(call, pending);
        }

        @Override
        public void calledAll(PythonCall<?> call, PendingReplies<?> pending) {
            toAll.put(pending, call);
        }

        @Override
        public void streamed(PythonCall<?> call) {
            synchronized (Ledger.this) {
                streamed.add(call);
            }
        }

        @Override
        public void ended(PythonCall<?> call, CallOutcome<?> outcome) {
            synchronized (Ledger.this) {
                streamed.remove(call);
            }
            enter(call, outcome);
        }
    }

    LedgerPool.Book book() {
        return book;
    }

    /** Enters an outcome that came as a message, of a call that was made by {@link dev.vivarium.PoolCommand}. */
    public void enter(PythonCall<?> call, CallOutcome<?> outcome) {
        calls.computeIfAbsent(outcome.callId(), id -> new Call(call, null, new ConcurrentLinkedQueue<>(), false))
                .outcomes()
                .add(outcome);
    }

    /** Returns how a call ended, or null while it has not. */
    private static @Nullable CallOutcome<?> outcome(Call call) {
        PendingCall<?> pending = call.pending();
        if (pending == null || !pending.isDone()) {
            return call.outcomes().peek();
        }
        try {
            Object value = pending.await(Duration.ZERO);
            return new CallOutcome.Succeeded<>(
                    pending.id(), value, pending.attempts(), pending.timeline().orElse(null));
        } catch (PoolException error) {
            return new CallOutcome.Failed<>(pending.id(), error, pending.attempts());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        } catch (TimeoutException e) {
            return null;
        }
    }

    /** Returns whether a call was made through this ledger's pool. */
    boolean knows(PendingCall<?> call) {
        Call entered = calls.get(call.id());
        return entered != null && entered.pending() == call;
    }

    /** Returns the handler of a call, or null when the call is not in the books. */
    @Nullable
    String handlerOf(long callId) {
        Call call = calls.get(callId);
        return call == null ? null : call.call().handler();
    }

    /** Returns the call that ended with this very error, or null when it is not in the books. */
    @Nullable
    PendingCall<?> callThatFailedWith(PoolException error) {
        return calls.values().stream()
                .map(Call::pending)
                .filter(pending -> pending != null && errorOf(pending) == error)
                .findFirst()
                .orElse(null);
    }

    /** Returns what a call failed with, or null when it has not. */
    static @Nullable PoolException errorOf(PendingCall<?> pending) {
        if (!pending.isDone()) {
            return null;
        }
        try {
            var unused = pending.await(Duration.ZERO);
            return null;
        } catch (PoolException error) {
            return error;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        } catch (TimeoutException e) {
            return null;
        }
    }

    /** Returns how often a call has started, by the workers' own account. */
    public long starts(long callId) {
        return executed.starts(callId);
    }

    /** Compares. To be called when every call should have ended. */
    public Report report() {
        List<Finding> findings = new ArrayList<>();
        enterAll(findings);
        List<ExecutionLog.Entry> record = executed.entries();
        Map<Long, Long> started = times(record, ExecutionLog.What.STARTED);
        Map<Long, Long> finished = times(record, ExecutionLog.What.FINISHED);
        Set<String> keepers = record.stream()
                .filter(entry -> entry.what() == ExecutionLog.What.RECORDED)
                .map(ExecutionLog.Entry::worker)
                .collect(Collectors.toCollection(() -> new HashSet<>(scripted)));
        checkUnknown(started, keepers, findings);
        finished.forEach((id, ends) -> checkEnds(id, ends, started.getOrDefault(id, 0L), findings));
        int ok = 0;
        int failed = 0;
        int unknown = 0;
        for (Map.Entry<Long, Call> entry : calls.entrySet()) {
            long id = entry.getKey();
            Call call = entry.getValue();
            CallOutcome<?> outcome = outcome(call);
            boolean mustHaveEnded = keepers.contains(call.call().handler()) && !finished.containsKey(id);
            if (outcome instanceof CallOutcome.Succeeded<?> succeeded) {
                ok++;
                if (mustHaveEnded && !call.replayable()) {
                    findings.add(new Finding(Problem.FOREIGN, id, "was answered and never executed to its end"));
                } else if (!streams.contains(id) && !Answers.mayBe(call.call(), succeeded.value())) {
                    findings.add(new Finding(Problem.FOREIGN, id, "got an answer that is another call's"));
                }
            } else if (outcome instanceof CallOutcome.Failed<?> failure) {
                PoolException error = failure.error();
                if (error.execution() == Execution.UNKNOWN) {
                    unknown++;
                } else {
                    failed++;
                }
                if (error.execution() == Execution.NOT_STARTED && started.containsKey(id)) {
                    findings.add(new Finding(Problem.MISREPORTED, id, "counts as not started, and was executed"));
                } else if (error.execution() == Execution.RAN && mustHaveEnded && !isMisfit(error)) {
                    findings.add(new Finding(
                            Problem.MISREPORTED, id, "counts as run to its end, and was never executed to it"));
                }
            } else {
                findings.add(new Finding(Problem.LOST, id, "of '" + call.call().handler() + "' never ended"));
            }
            if (call.outcomes().size() > 1) {
                findings.add(new Finding(
                        Problem.DUPLICATED, id, "ended " + call.outcomes().size() + " times"));
            }
            checkStarts(id, call, outcome, started.getOrDefault(id, 0L), findings);
        }
        int executions = started.values().stream().mapToInt(Long::intValue).sum();
        return new Report(calls.size(), ok, failed, unknown, executions, findings);
    }

    /** Enters what every worker made of the calls that went to all. */
    private void enterAll(List<Finding> findings) {
        toAll.forEach((pending, call) -> {
            try {
                pending.await(Duration.ZERO).outcomes().values().forEach(outcome -> enter(call, outcome));
                toAll.remove(pending);
            } catch (PoolException refused) {
                toAll.remove(pending); // It was sent to none.
            } catch (TimeoutException e) {
                findings.add(new Finding(Problem.LOST, 0, "of '" + call.handler() + "' in all workers never ended"));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static Map<Long, Long> times(List<ExecutionLog.Entry> record, ExecutionLog.What what) {
        return record.stream()
                .filter(entry -> entry.what() == what)
                .collect(Collectors.groupingBy(ExecutionLog.Entry::callId, Collectors.counting()));
    }

    /** Arguments that do not fit a handler that keeps the record raise before anything is recorded. */
    private static boolean isMisfit(PoolException error) {
        return error instanceof PythonException raised && raised.pythonType().equals("TypeError");
    }

    private static void checkStarts(
            long id, Call call, @Nullable CallOutcome<?> outcome, long starts, List<Finding> findings) {
        if (!call.call().isRetrySafe()) {
            if (starts > 1) {
                findings.add(new Finding(
                        Problem.DUPLICATED, id, "started " + starts + " times and was not declared retry-safe"));
            }
            return;
        }
        long attempts = attemptsThatMayHaveStarted(call, outcome);
        if (starts > Math.max(1, attempts)) { // One start of none is misreported, not doubled.
            findings.add(
                    new Finding(Problem.DUPLICATED, id, "started " + starts + " times in " + attempts + " attempts"));
        }
    }

    private static long attemptsThatMayHaveStarted(Call call, @Nullable CallOutcome<?> outcome) {
        if (outcome instanceof CallOutcome.Succeeded<?> succeeded) {
            return succeeded.attempts();
        }
        if (outcome instanceof CallOutcome.Failed<?> failure) {
            return failure.attempts()
                    - failure.error().attempts().stream()
                            .filter(attempt -> attempt.execution() == Execution.NOT_STARTED)
                            .count();
        }
        PendingCall<?> pending = call.pending();
        return pending == null ? Long.MAX_VALUE : pending.attempts(); // A call that came as a message, and is lost.
    }

    private static void checkEnds(long id, long ends, long starts, List<Finding> findings) {
        if (starts == 0) {
            findings.add(new Finding(Problem.FOREIGN, id, "was executed to its end and never started"));
        } else if (ends > starts) {
            findings.add(new Finding(
                    Problem.DUPLICATED, id, "was executed to its end " + ends + " times and started " + starts));
        }
    }

    /** What is executed under an id that no caller knows was made by a stream, or by nobody. */
    private synchronized void checkUnknown(Map<Long, Long> started, Set<String> keepers, List<Finding> findings) {
        List<PythonCall<?>> recorded = streamed.stream()
                .filter(call -> keepers.contains(call.handler()))
                .toList();
        boolean retrySafe = recorded.stream().anyMatch(PythonCall::isRetrySafe);
        int[] left = {recorded.size()};
        started.forEach((id, times) -> {
            if (calls.containsKey(id) || id > PoolContext.OWN_CALLS) {
                return;
            }
            if (left[0]-- <= 0) {
                findings.add(new Finding(Problem.FOREIGN, id, "was executed and never made"));
            } else if (times > 1 && !retrySafe) {
                findings.add(new Finding(Problem.DUPLICATED, id, "of a stream started " + times + " times"));
            }
        });
    }
}
