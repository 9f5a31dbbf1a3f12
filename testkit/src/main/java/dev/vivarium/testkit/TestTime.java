package dev.vivarium.testkit;

import dev.vivarium.internal.port.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.typed.ActorSystem;
import org.jspecify.annotations.Nullable;

/** The time of a test pool: the machine's, or one that stands still until it is told to go on. Thread-safe. */
public final class TestTime {

    /** The first moment of virtual time. */
    public static final Instant START = Instant.parse("2030-01-01T00:00:00Z");

    private final AtomicLong nanos = new AtomicLong();
    private final boolean virtual;
    private @Nullable ManualTime scheduler;

    TestTime(boolean virtual) {
        this.virtual = virtual;
    }

    void connect(ActorSystem<?> system) {
        scheduler = virtual ? ManualTime.get(system) : null;
    }

    /** Returns whether time stands still unless {@link #advance} is called. */
    public boolean isVirtual() {
        return virtual;
    }

    /**
     * Moves virtual time on. Every timer of the pool that falls due fires; what it leads to happens on the pool's own threads,
     * so a test waits for its event next.
     *
     * @throws IllegalStateException when time is real
     */
    public void advance(Duration by) {
        ManualTime manual = scheduler;
        if (manual == null) {
            throw new IllegalStateException("this pool runs on real time; ask for virtual time");
        }
        // The clock first: whoever is woken by a timer must find that its time has come.
        nanos.addAndGet(by.toNanos());
        manual.timePasses(by);
    }

    /** Lets the timers fire that an actor system ends its threads by. */
    void runOut() {
        if (scheduler != null) {
            advance(Duration.ofMinutes(1));
        }
    }

    Clock clock() {
        return virtual
                ? new Clock() {
                    @Override
                    public long nanoTime() {
                        return nanos.get();
                    }

                    @Override
                    public Instant now() {
                        return START.plusNanos(nanos.get());
                    }
                }
                : Clock.system();
    }
}
