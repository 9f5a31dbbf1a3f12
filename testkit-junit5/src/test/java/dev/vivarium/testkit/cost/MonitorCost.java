package dev.vivarium.testkit.cost;

import dev.vivarium.PendingCall;
import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.PoolMonitor;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestPoolSpec;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Measures what {@link PoolMonitor} costs: calls of a real worker, one after the other, in rounds that take turns: plain, with a
 * timeline, and watched by a monitor, which asks for one.
 */
public final class MonitorCost {

    private static final int USAGE = 64;

    private final TestPool kit;
    private final int calls;

    private MonitorCost(TestPool kit, int calls) {
        this.kit = kit;
        this.calls = calls;
    }

    /** Runs it: rounds, and calls of a round. */
    public static void main(String... words) throws Exception {
        int rounds = 9;
        int calls = 2000;
        try {
            rounds = words.length > 0 ? Integer.parseInt(words[0]) : rounds;
            calls = words.length > 1 ? Integer.parseInt(words[1]) : calls;
        } catch (NumberFormatException e) {
            rounds = 0;
        }
        if (rounds < 1 || calls < 1 || words.length > 2) {
            System.err.println(
                    "usage: scripts/monitor-cost [ROUNDS] [CALLS], both 1 or more; 9 and 2000 unless told otherwise");
            System.exit(USAGE);
        }
        try (TestPool kit = TestPool.start(
                        TestPoolSpec.of(Layer.PYTHON).workers(1).faults(false))
                .ensureReady()) {
            new MonitorCost(kit, calls).measure(rounds);
        }
        System.exit(0);
    }

    private void measure(int rounds) throws InterruptedException {
        PoolMonitor monitor = PoolMonitor.of(kit);
        double[] plain = new double[rounds];
        double[] timed = new double[rounds];
        double[] watched = new double[rounds];
        for (int warmUp = 0; warmUp < 2; warmUp++) {
            round(call -> kit.pool().call(call));
            round(monitor::call);
        }
        for (int i = 0; i < rounds; i++) {
            plain[i] = round(call -> kit.pool().call(call));
            timed[i] = round(call -> kit.pool().call(call.timed()));
            watched[i] = round(monitor::call);
        }
        double base = median(plain);
        System.out.printf(
                Locale.ROOT,
                "%d rounds of %d calls each, one caller, one worker; medians of the rounds%n",
                rounds,
                calls);
        tell("plain", base, base);
        tell("with a timeline", median(timed), base);
        tell("watched by a monitor", median(watched), base);
        System.out.println("the monitor's own account: " + monitor.report().overhead());
    }

    private static void tell(String name, double micros, double base) {
        System.out.printf(Locale.ROOT, "%-22s %7.1f us a call  %5.2f x%n", name, micros, micros / base);
    }

    /** Returns how long a call took, in microseconds, with all that its caller's thread does for it. */
    private double round(Function<PythonCall<Integer>, PendingCall<Integer>> way) throws InterruptedException {
        long begin = System.nanoTime();
        for (int i = 0; i < calls; i++) {
            PythonCall<Integer> call = PythonCall.to("echo").args(i).returning(Integer.class);
            try {
                if (way.apply(call).await() != i) {
                    throw new IllegalStateException("a wrong answer is no measurement");
                }
            } catch (PoolException e) {
                throw new IllegalStateException("a call that fails is no measurement", e);
            }
        }
        return (System.nanoTime() - begin) / (double) TimeUnit.MICROSECONDS.toNanos(1) / calls;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
