package dev.vivarium.bench.micro;

import dev.vivarium.internal.core.RouterCore;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What a call costs the router's decisions: it arrives, goes to a worker, and the worker comes back. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RouterMicro {

    private static final long NEVER = Long.MAX_VALUE / 2;

    /** How many workers there are. */
    @Param({"1", "4", "64"})
    public int workers;

    /** How many calls wait before the one that is measured. */
    @Param({"0", "1000"})
    public int waiting;

    private RouterCore router;
    private long next;
    private RouterCore.Assignment given;

    /** Has all workers idle, or all busy and calls waiting. */
    @Setup
    public void prepare() {
        router = new RouterCore();
        for (int slot = 1; slot <= workers; slot++) {
            router.available(slot, 1);
        }
        given = new RouterCore.Assignment(0, 1, 1, false);
        if (waiting > 0) {
            for (int i = 0; i < waiting + workers; i++) {
                router.submit(++next, NEVER, next);
            }
            given = router.assign().get(0);
        } else {
            router.unavailable(1, 1);
        }
    }

    /** A call arrives, a worker comes back, and a call goes to a worker. */
    @Benchmark
    public RouterCore.Assignment routes() {
        long call = ++next;
        router.submit(call, NEVER, call);
        router.available(given.slot(), 1);
        List<RouterCore.Assignment> assignments = router.assign();
        given = assignments.get(assignments.size() - 1);
        return given;
    }
}
