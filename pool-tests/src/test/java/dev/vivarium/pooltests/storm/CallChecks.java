package dev.vivarium.pooltests.storm;

import dev.vivarium.PoolSnapshot;
import dev.vivarium.pooltests.storm.CallBook.Entry;
import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/** Compares what callers got with what Python executed and with what the pool counted. */
final class CallChecks {

    /** How much later than its deadline a call may end. */
    static final Duration SLACK = Duration.ofSeconds(1);

    /**
     * What the pool counted.
     *
     * @param accepted calls accepted
     * @param succeeded of these, those that ended with a result
     * @param failed of these, those that ended with an error
     */
    record Counted(long accepted, long succeeded, long failed) {

        static Counted of(PoolSnapshot last) {
            return new Counted(last.accepted(), last.succeeded(), last.failed());
        }
    }

    private final List<Entry> calls;
    private final Executions executions;

    CallChecks(CallBook book, Executions executions) {
        this.calls = book.entries();
        this.executions = executions;
    }

    /** Returns the criteria that hold for calls in every program. */
    List<Check> judge(Counted pool) {
        List<Check> checks = new ArrayList<>();
        checks.add(accounting(pool));
        checks.add(none("lost", call -> call.outcomes() == 0));
        checks.add(none(
                "duplicated",
                call -> call.outcomes() > 1
                        || (!call.retrySafe() && starts(call) > 1)
                        || (call.outcomes() == 1 && starts(call) > Math.max(1, call.attempts()))));
        checks.add(foreign());
        checks.add(none("misreported", this::misreported));
        checks.add(hangs());
        return checks;
    }

    private int starts(Entry call) {
        return executions.starts(call.number());
    }

    private Check accounting(Counted pool) {
        long outcomes = calls.stream().mapToLong(Entry::outcomes).sum();
        long ok = calls.stream().filter(Entry::ok).count();
        long refused = calls.stream()
                .filter(call -> !call.ok() && call.outcomes() > 0 && call.attempts() == 0)
                .count();
        boolean even = outcomes == calls.size()
                && pool.accepted() == pool.succeeded() + pool.failed()
                && pool.succeeded() == ok
                // A call that was never sent was refused, or accepted and given up in the queue.
                && pool.accepted() <= calls.size()
                && pool.accepted() >= calls.size() - refused;
        return new Check(
                "calls = outcomes",
                even,
                "equal, in the callers' books and the pool's",
                String.format(
                        Locale.ROOT,
                        "%,d calls, %,d outcomes, %,d ok; the pool: %,d accepted, %,d succeeded, %,d failed",
                        calls.size(),
                        outcomes,
                        ok,
                        pool.accepted(),
                        pool.succeeded(),
                        pool.failed()));
    }

    private Check none(String name, Predicate<Entry> wrong) {
        List<Entry> found = calls.stream().filter(wrong).toList();
        return Check.none(name, found.size(), found.isEmpty() ? "" : described(found.get(0)));
    }

    private String described(Entry call) {
        return call + ", begun " + starts(call) + " and finished " + executions.ends(call.number())
                + " times by Python's record";
    }

    /** An answer is the call's own when it carries its token and Python has finished that very call. */
    private Check foreign() {
        List<Entry> found = calls.stream()
                .filter(Entry::ok)
                .filter(call -> !call.answeredRightly() || executions.ends(call.number()) == 0)
                .toList();
        return Check.none(
                "foreign",
                found.size() + executions.unknown(),
                found.isEmpty() ? "the execution '" + executions.firstUnknown() + "'" : described(found.get(0)));
    }

    private boolean misreported(Entry call) {
        return call.outcomes() > 0
                && !call.ok()
                && ((call.execution() == Execution.NOT_STARTED && starts(call) > 0)
                        || (call.execution() == Execution.RAN && starts(call) == 0));
    }

    private Check hangs() {
        List<Entry> late = calls.stream()
                .filter(call -> call.took().compareTo(call.deadline().plus(SLACK)) > 0)
                .toList();
        long latest = calls.stream()
                .mapToLong(call -> call.took().minus(call.deadline()).toMillis())
                .max()
                .orElse(0);
        return new Check(
                "hangs",
                late.isEmpty(),
                "0 beyond deadline + " + SLACK.toMillis() + " ms",
                late.isEmpty()
                        ? "0; the last to end did so " + (latest < 0 ? -latest + " ms before" : latest + " ms after")
                                + " its deadline"
                        : late.size() + ", such as " + described(late.get(0)));
    }

    /** Returns whether enough calls a second ended well, compared with the calm. */
    static Check throughput(double calm, double storm, double least) {
        return new Check(
                "throughput",
                storm >= calm * least / 100,
                ">= " + least + " % of the calm",
                String.format(Locale.ROOT, "%.1f %%: %.1f of %.1f calls/s", 100 * storm / calm, storm, calm));
    }

    /**
     * Returns whether enough of the calls that may be repeated ended well.
     *
     * @param all whether those count that hang by a fault, which are sure to fail
     */
    Check retrySafe(double least, boolean all) {
        List<Entry> safe = calls.stream()
                .filter(Entry::retrySafe)
                .filter(call -> all || !call.doomed())
                .toList();
        long ok = safe.stream().filter(Entry::answeredRightly).count();
        double share = safe.isEmpty() ? 0 : 100.0 * ok / safe.size();
        return new Check(
                "retry-safe ok",
                share >= least,
                ">= " + least + " %",
                String.format(Locale.ROOT, "%.3f %%: %,d of %,d", share, ok, safe.size()));
    }
}
