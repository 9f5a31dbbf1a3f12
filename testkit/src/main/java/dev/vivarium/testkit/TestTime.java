package dev.vivarium.testkit;

import dev.vivarium.internal.port.Clock;
import dev.vivarium.testkit.internal.VirtualScheduler;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.jspecify.annotations.Nullable;

/** The time of a test pool: the machine's, or one that stands still until it is told to go on. Thread-safe. */
public final class TestTime {

    /** The first moment of virtual time. */
    public static final Instant START = Instant.parse("2030-01-01T00:00:00Z");

    private final boolean virtual;
    private final boolean walks;
    private volatile @Nullable VirtualScheduler scheduler;

    TestTime(boolean virtual, Layer layer) {
        this.virtual = virtual;
        walks = layer == Layer.FAKE;
    }

    void connect(ActorSystem<?> system) {
        scheduler = virtual ? (VirtualScheduler) Adapter.toClassic(system).scheduler() : null;
    }

    /** Returns whether time stands still unless {@link #advance} is called. */
    public boolean isVirtual() {
        return virtual;
    }

    /**
     * Moves virtual time on, by as little as a nanosecond. Before, and after, the pool's actors do all that they have to do;
     * one that blocks is waited for until nothing else has happened for a second. Actors that have not come to rest after 10 s,
     * such as two that send each other messages without end, are left to themselves, and the test fails when it is over.
     *
     * <p>On layer FAKE time goes from timer to timer, and what each leads to happens before the next fires. On the others it
     * goes to its new moment at once, and what has fallen due fires: what it leads to may need workers, and those need real
     * time, so a test waits for its event next.
     *
     * @throws IllegalArgumentException when {@code by} is negative
     * @throws IllegalStateException when time is real
     */
    public void advance(Duration by) {
        VirtualScheduler manual = scheduler;
        if (manual == null) {
            throw new IllegalStateException("this pool runs on real time; ask for virtual time");
        }
        if (by.isNegative()) {
            throw new IllegalArgumentException("time does not go back, got " + by);
        }
        if (walks) {
            manual.walk(by);
        } else {
            manual.jump(by);
        }
    }

    /** Waits until the actors have done what they have to do, in virtual time; in real time it does nothing. */
    void settle() {
        VirtualScheduler manual = scheduler;
        if (manual != null) {
            manual.settle();
        }
    }

    /** Returns what has kept virtual time from being what it promises, if anything has. */
    List<String> problems() {
        VirtualScheduler manual = scheduler;
        String problem = manual == null ? null : manual.problem();
        return problem == null ? List.of() : List.of(problem);
    }

    /** Lets the timers fire that an actor system ends its threads by, and those that they set in turn. */
    void runOut() {
        VirtualScheduler manual = scheduler;
        if (manual != null) {
            manual.runOut(Duration.ofMinutes(1));
        }
    }

    private long nanos() {
        VirtualScheduler manual = scheduler;
        return manual == null ? 0 : manual.nanoTime();
    }

    Clock clock() {
        return virtual
                ? new Clock() {
                    @Override
                    public long nanoTime() {
                        return nanos();
                    }

                    @Override
                    public Instant now() {
                        return START.plusNanos(nanos());
                    }
                }
                : Clock.system();
    }
}
