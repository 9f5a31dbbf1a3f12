package dev.vivarium.testkit;

import dev.vivarium.CallOutcome;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Makes many calls of a test's pool together, has them watched by a {@link PoolMonitor}, and waits for all of them. Virtual time
 * is moved on meanwhile, as {@link TestPool#passTimeUntil} does; patience ends when for so long no call was made and none ended.
 * Thread-safe.
 */
public final class ConcurrentCalls {

    private final TestPool kit;
    private final PoolMonitor monitor;

    private ConcurrentCalls(TestPool kit, PoolMonitor monitor) {
        this.kit = kit;
        this.monitor = monitor;
    }

    /** Returns what makes calls of a test's pool that a monitor watches, which is that pool's. */
    public static ConcurrentCalls of(TestPool kit, PoolMonitor monitor) {
        if (monitor.pool() != kit.pool()) {
            throw new IllegalArgumentException(
                    "the monitor watches pool " + monitor.pool().name() + ", not " + kit.name());
        }
        return new ConcurrentCalls(kit, monitor);
    }

    /**
     * Makes calls at the same moment, each from a thread of its own, and waits until all have ended.
     *
     * @param count how many, 1 or more
     * @param call describes the call of a number, from 0
     * @return how they ended, by number
     */
    public <T> List<CallOutcome<T>> atOnce(int count, IntFunction<PythonCall<T>> call) throws InterruptedException {
        List<PendingCall<T>> made = kit.synchronize(count, number -> monitor.call(call.apply(number)));
        kit.passTimeUntil(
                "ended: all of " + count + " calls", () -> made.stream().allMatch(PendingCall::isDone));
        return outcomes(made);
    }

    /**
     * Has callers make calls one after the other, each as soon as its last one has ended, well or not, until so many have been made
     * by all of them together; and waits until all have ended.
     *
     * @param callers how many calls there are at a time, 1 or more
     * @param count how many calls there are in all, 1 or more
     * @param call describes the call of a number, from 0; it is asked by any thread, once for each number
     * @return how they ended, by number
     */
    public <T> List<CallOutcome<T>> oneAfterTheOther(int callers, int count, IntFunction<PythonCall<T>> call)
            throws InterruptedException {
        if (callers < 1) {
            throw new IllegalArgumentException("callers must be 1 or more, got " + callers);
        }
        if (count < 1) {
            throw new IllegalArgumentException("count must be 1 or more, got " + count);
        }
        Chain<T> chain = new Chain<>(count, call);
        for (int caller = 0; caller < callers; caller++) {
            chain.next();
        }
        Passing.until(kit, "ended: all of " + count + " calls", chain::isOver, () -> progress(chain.made.values()));
        return outcomes(chain.inOrder());
    }

    /**
     * Makes the calls of a plan when their time has come, whether or not those before them have ended, and waits until all have
     * ended. Time is the pool's: virtual where that is. A call of a session is made through it.
     *
     * @return how they ended, in the plan's order
     */
    public List<CallOutcome<?>> asPlanned(List<Workload.Planned> plan) throws InterruptedException {
        Scheduled scheduled = new Scheduled(plan);
        var system = kit.actors().system();
        for (Workload.Planned next : plan) {
            var unused =
                    system.scheduler().scheduleOnce(next.at(), () -> scheduled.make(next), system.executionContext());
        }
        Passing.until(
                kit,
                "ended: all of " + plan.size() + " calls",
                scheduled::isOver,
                () -> progress(scheduled.made.values()));
        List<CallOutcome<?>> outcomes = new ArrayList<>();
        for (PendingCall<?> call : scheduled.inOrder()) {
            outcomes.add(outcome(call));
        }
        return outcomes;
    }

    /** The calls of a plan: each is made by a timer. */
    private final class Scheduled {
        private final List<Workload.Planned> plan;
        private final ConcurrentHashMap<Integer, PendingCall<?>> made = new ConcurrentHashMap<>();
        private volatile @Nullable Throwable trouble;

        private Scheduled(List<Workload.Planned> plan) {
            this.plan = plan;
        }

        private void make(Workload.Planned planned) {
            try {
                String session = planned.session();
                made.put(
                        planned.number(),
                        session == null
                                ? monitor.call(planned.call())
                                : monitor.watch(kit.pool()
                                        .session(session)
                                        .call(planned.call().timed())));
            } catch (RuntimeException | Error e) { // On a thread of the pool's, where nobody would see it.
                trouble = e;
            }
        }

        private boolean isOver() {
            check(trouble);
            return made.size() == plan.size() && made.values().stream().allMatch(PendingCall::isDone);
        }

        private List<PendingCall<?>> inOrder() {
            List<PendingCall<?>> all = new ArrayList<>();
            plan.forEach(planned -> all.add(Objects.requireNonNull(made.get(planned.number()))));
            return all;
        }
    }

    /** Returns how many calls have been made and how many have ended, in one: each of both is progress. */
    private static long progress(Collection<? extends PendingCall<?>> made) {
        return made.size() + made.stream().filter(PendingCall::isDone).count();
    }

    private static void check(@Nullable Throwable trouble) {
        if (trouble != null) {
            throw new IllegalStateException("a call could not be made", trouble);
        }
    }

    /** The calls of all callers: whose call ends makes the next. */
    private final class Chain<T> {
        private final int count;
        private final IntFunction<PythonCall<T>> call;
        private final AtomicInteger numbers = new AtomicInteger();
        private final ConcurrentHashMap<Integer, PendingCall<T>> made = new ConcurrentHashMap<>();
        private volatile @Nullable Throwable trouble;

        private Chain(int count, IntFunction<PythonCall<T>> call) {
            this.count = count;
            this.call = call;
        }

        private void next() {
            int number = numbers.getAndIncrement();
            if (number >= count) {
                return;
            }
            try {
                PendingCall<T> pending = monitor.call(call.apply(number));
                made.put(number, pending);
                var unused = pending.whenComplete((value, error) -> next());
            } catch (RuntimeException | Error e) { // On a thread of the pool's, where nobody would see it.
                trouble = e;
            }
        }

        private boolean isOver() {
            check(trouble);
            return made.size() == count && made.values().stream().allMatch(PendingCall::isDone);
        }

        private List<PendingCall<T>> inOrder() {
            List<PendingCall<T>> all = new ArrayList<>();
            for (int number = 0; number < count; number++) {
                PendingCall<T> pending = made.get(number);
                if (pending != null) {
                    all.add(pending);
                }
            }
            return all;
        }
    }

    private static <T> List<CallOutcome<T>> outcomes(List<PendingCall<T>> calls) throws InterruptedException {
        List<CallOutcome<T>> outcomes = new ArrayList<>();
        for (PendingCall<T> call : calls) {
            outcomes.add(outcome(call));
        }
        return outcomes;
    }

    private static <T> CallOutcome<T> outcome(PendingCall<T> call) throws InterruptedException {
        try {
            T value = call.await();
            return new CallOutcome.Succeeded<>(
                    call.id(), value, call.attempts(), call.timeline().orElse(null));
        } catch (PoolException error) {
            return new CallOutcome.Failed<>(call.id(), error, call.attempts());
        }
    }
}
