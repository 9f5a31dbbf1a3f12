package dev.vivarium.testkit;

import dev.vivarium.PythonCall;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What callers do: which calls, in what proportion, in which sessions, when. Immutable; every method returns a changed copy. The
 * same workload, seed and plan are the same calls.
 *
 * <pre>{@code
 * Workload mixed = Workload.of(kit)
 *         .calls(8, data -> PythonCall.to("echo").args(data.value()).retrySafe())
 *         .calls(2, data -> PythonCall.to("fail").args(data.text(10)))
 *         .inSessions(0.5, 20);
 * ConcurrentCalls.of(kit, monitor).asPlanned(mixed.over(ArrivalPlan.atRandom(200, Duration.ofSeconds(5))));
 * }</pre>
 */
public final class Workload {

    private record Kind(int weight, Function<TestData, PythonCall<?>> call) {}

    /**
     * One call that is to be made.
     *
     * @param number its number, from 0
     * @param at when it is to be made, from the beginning
     * @param session the session that it belongs to; null for none
     * @param call the call
     */
    public record Planned(int number, Duration at, @Nullable String session, PythonCall<?> call) {}

    private final long seed;
    private final List<Kind> kinds;
    private final double share;
    private final int sessions;

    private Workload(long seed, List<Kind> kinds, double share, int sessions) {
        this.seed = seed;
        this.kinds = List.copyOf(kinds);
        this.share = share;
        this.sessions = sessions;
    }

    /** Returns a workload without calls that is drawn by the seed of a test's pool. */
    public static Workload of(TestPool kit) {
        return seeded(kit.seed());
    }

    /** Returns a workload without calls that is drawn by a seed. */
    public static Workload seeded(long seed) {
        return new Workload(seed, List.of(), 0, 0);
    }

    /**
     * Returns a copy with one more kind of call.
     *
     * @param weight how often there is one, in proportion to the weights of the others; 1 or more
     * @param call draws a call
     */
    public Workload calls(int weight, Function<TestData, PythonCall<?>> call) {
        if (weight < 1) {
            throw new IllegalArgumentException("weight must be 1 or more, got " + weight);
        }
        List<Kind> more = new ArrayList<>(kinds);
        more.add(new Kind(weight, call));
        return new Workload(seed, more, share, sessions);
    }

    /**
     * Returns a copy whose calls belong to sessions, as those of services do: a few have most of the calls. The session of rank
     * {@code n} has an {@code n}th of those of the first.
     *
     * @param share which share of the calls, 0 to 1
     * @param count how many sessions there are, 1 or more; they are named {@code session-1} and so on, by rank
     */
    public Workload inSessions(double share, int count) {
        if (!(share >= 0 && share <= 1) || count < 1) {
            throw new IllegalArgumentException(
                    "share must be 0 to 1 and count 1 or more, got " + share + " and " + count);
        }
        return new Workload(seed, kinds, share, count);
    }

    /**
     * Returns the calls.
     *
     * @throws IllegalStateException when there is no kind of call
     */
    public List<Planned> over(ArrivalPlan arrivals) {
        if (kinds.isEmpty()) {
            throw new IllegalStateException("a workload needs a kind of call");
        }
        TestData data = TestData.seeded(seed);
        List<Planned> planned = new ArrayList<>();
        for (Duration at : arrivals.moments(seed)) {
            String session = data.random().nextDouble() < share ? "session-" + rank(data) : null;
            planned.add(
                    new Planned(planned.size(), at, session, kind(data).call().apply(data)));
        }
        return planned;
    }

    private Kind kind(TestData data) {
        int at = data.random().nextInt(kinds.stream().mapToInt(Kind::weight).sum());
        int kind = 0;
        while (at >= kinds.get(kind).weight()) {
            at -= kinds.get(kind).weight();
            kind++;
        }
        return kinds.get(kind);
    }

    private int rank(TestData data) {
        double all = 0;
        for (int n = 1; n <= sessions; n++) {
            all += 1.0 / n;
        }
        double at = data.random().nextDouble() * all;
        int rank = 1;
        while (rank < sessions && at >= 1.0 / rank) {
            at -= 1.0 / rank;
            rank++;
        }
        return rank;
    }
}
