package dev.vivarium.chaos.internal;

import dev.vivarium.bench.load.LoadPlanText;
import dev.vivarium.chaos.SteadyState;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a runner asks before it injects faults: what is not well cannot show what faults do, and is not to be hurt. */
final class Before {

    private Before() {}

    /** Returns whether a call counts as of the time before the method: one that is under way and not late is the faults'. */
    static boolean isBefore(Call call, long method, SteadyState steady) {
        boolean open = call.ended() == 0 || call.ended() > method;
        boolean met = open && method - call.due() < steady.p99().toNanos();
        return call.due() < method && !met;
    }

    /** Returns what keeps the state from being steady at the moment at which the method is to begin; empty when nothing does. */
    static Optional<String> trouble(List<Call> calls, long method, SteadyState steady) {
        List<Call> before =
                calls.stream().filter(call -> isBefore(call, method, steady)).toList();
        if (before.isEmpty()) {
            return Optional.of("no call had ended before the method was to begin");
        }
        List<Call> ok = before.stream()
                .filter(call -> call.outcome() == Call.Outcome.OK && call.ended() <= method)
                .toList();
        double share = (double) ok.size() / before.size();
        long late = ok.stream()
                .filter(call -> call.latency() > steady.p99().toNanos())
                .count();
        boolean slow = 100 * late > ok.size();
        if (share >= steady.ok() && !slow) {
            return Optional.empty();
        }
        return Optional.of(String.format(
                Locale.ROOT,
                "before the method %.2f%% of %d calls were answered rightly, asked were %.2f%%; %d of them took longer than %s",
                share * 100,
                before.size(),
                steady.ok() * 100,
                late,
                LoadPlanText.text(Duration.ofNanos(steady.p99().toNanos()))));
    }
}
