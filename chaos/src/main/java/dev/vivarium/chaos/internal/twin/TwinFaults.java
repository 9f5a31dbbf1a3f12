package dev.vivarium.chaos.internal.twin;

import dev.vivarium.Signal;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.Coverage;
import dev.vivarium.chaos.Direction;
import dev.vivarium.chaos.HealthLie;
import dev.vivarium.chaos.KillPoint;
import dev.vivarium.chaos.Schedule;
import dev.vivarium.chaos.internal.Struck;
import dev.vivarium.testkit.Moment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Has the faults of a schedule happen in the twin, as the runner does on real processes: requested, landed and healed, each a
 * lease. For one thread.
 */
final class TwinFaults {

    /** What the faults of the pool need of it. */
    interface Victims {
        /** Returns the slots whose process lives. */
        List<TwinSlot> living();

        /** The guardian is killed. */
        void guardianKilled();
    }

    /** A fault that waits for its moment in a slot. */
    static final class Armed {
        private final Struck struck;
        private final Moment moment;
        private final double share;
        private final SplittableRandom random;
        private final List<Runnable> heals = new ArrayList<>();
        private double correlated;
        private int left;

        Armed(Struck struck, Moment moment, double share) {
            this.struck = struck;
            this.moment = moment;
            this.share = share;
            this.left = struck.planned().times();
            this.random = new SplittableRandom(struck.planned().seed() + struck.slot());
            this.correlated = random.nextDouble();
        }

        /** Returns what it is. */
        ChaosFault fault() {
            return struck.planned().fault();
        }

        /** Returns whether it has been undone. */
        boolean isHealed() {
            return struck.healed() != 0;
        }

        /** Has something done when it is healed; at once when it has been. */
        void whenHealed(Runnable undo) {
            if (isHealed()) {
                undo.run();
            } else {
                heals.add(undo);
            }
        }

        /** Returns how late a frame comes by it, in nanoseconds. */
        long late() {
            ChaosFault fault = fault();
            if (fault instanceof ChaosFault.Delayed delayed) {
                correlated = delayed.correlation() * correlated + (1 - delayed.correlation()) * random.nextDouble();
                return delayed.by().toNanos() + (long) (delayed.jitter().toNanos() * (2 * correlated - 1));
            } else if (fault instanceof ChaosFault.Sliced sliced) {
                return (FRAME - 1) / sliced.bytes() * sliced.pause().toNanos();
            } else if (fault instanceof ChaosFault.Throttled throttled) {
                return FRAME * SECOND / throttled.bytesPerSecond();
            } else if (fault instanceof ChaosFault.SlowStarted slow) {
                return slow.by().toNanos();
            }
            return 0;
        }
    }

    /** How many bytes a small call, or its answer, has on the way. */
    private static final long FRAME = 100;

    private static final long SECOND = 1_000_000_000;

    private final World world;
    private final Victims victims;
    private final Coverage.Count coverage;
    private final List<Struck> struck = new ArrayList<>();
    private final List<Armed> armed = new ArrayList<>();
    private final List<Runnable> heals = new ArrayList<>();

    TwinFaults(World world, Victims victims, Coverage.Count coverage) {
        this.world = world;
        this.victims = victims;
        this.coverage = coverage;
    }

    /** Returns whether the twin has something like this fault. */
    static boolean isSimulated(ChaosFault fault) {
        return fault instanceof ChaosFault.Signalled
                || fault instanceof ChaosFault.Frames
                || fault instanceof ChaosFault.HealthLied
                || fault instanceof ChaosFault.SlowStarted
                || fault instanceof ChaosFault.Swizzled
                || fault instanceof ChaosFault.Sliced
                || fault instanceof ChaosFault.Throttled
                || fault instanceof ChaosFault.GuardianKilled
                || fault instanceof ChaosFault.Exited
                || fault instanceof ChaosFault.Hung
                || fault instanceof ChaosFault.Delayed
                || fault instanceof ChaosFault.Partitioned
                || fault instanceof ChaosFault.Grown
                || fault instanceof ChaosFault.Burned;
    }

    List<Struck> struck() {
        return List.copyOf(struck);
    }

    /**
     * Has everything happen in its time, counted from now.
     *
     * @param reached says of an event whether it has happened
     */
    void begin(Schedule schedule, Predicate<String> reached) {
        for (Schedule.Planned planned : schedule.faults()) {
            world.time.after(planned.at(), () -> {
                if (planned.when().isEmpty() || reached.test(planned.when())) {
                    choose(planned);
                } else {
                    world.notes
                            .line("fault")
                            .with("number", planned.number())
                            .with("event", "left-out")
                            .with("reason", planned.when() + " has not happened")
                            .write();
                }
            });
        }
    }

    private void choose(Schedule.Planned planned) {
        if (planned.fault() instanceof ChaosFault.OfPool) {
            Struck target = requested(planned, 0);
            victims.guardianKilled();
            landed(target, null);
            target.detect(world.notes.now());
            target.heal(world.notes.now());
            return;
        }
        List<TwinSlot> slots = victims.living().stream()
                .sorted(preference(planned)
                        .thenComparing(slot -> planned.order().indexOf(slot.number())))
                .limit(planned.offsets().size())
                .toList();
        for (int i = 0; i < slots.size(); i++) {
            int slot = slots.get(i).number();
            KillPoint point = planned.points().isEmpty()
                    ? KillPoint.OUTSIDE
                    : planned.points().get(i);
            Duration ttl = planned.ttlOf(i);
            world.time.after(planned.offsets().get(i), () -> befall(planned, slot, point, ttl));
        }
    }

    private static boolean isReady(TwinSlot slot) {
        return slot.phase() == Phase.IDLE || slot.phase() == Phase.BUSY;
    }

    private static Comparator<TwinSlot> preference(Schedule.Planned planned) {
        Comparator<TwinSlot> ready = Comparator.comparing(slot -> !isReady(slot));
        return switch (planned.targets().preferred()) {
            case ANY -> ready;
            case BUSY -> ready.thenComparing(slot -> slot.phase() != Phase.BUSY);
            case IDLE -> ready.thenComparing(slot -> slot.phase() != Phase.IDLE);
            case OLDEST -> ready.thenComparing(slot -> -slot.completed());
        };
    }

    private Struck requested(Schedule.Planned planned, int slot) {
        Struck target = new Struck(planned, slot, world.notes.now());
        struck.add(target);
        note("requested", target);
        return target;
    }

    private void note(String event, Struck target) {
        world.notes
                .line("fault")
                .with("number", target.planned().number())
                .with("event", event)
                .with("kind", Coverage.word(target.planned().fault()))
                .with("slot", target.slot())
                .write();
    }

    private void landed(Struck target, @Nullable Phase phase) {
        boolean first = target.land(world.notes.now());
        if (phase != null) {
            coverage.add(target.planned().fault(), phase);
        }
        if (first || target.landings() < 5) {
            note("landed", target);
        }
    }

    private void healLater(Struck target, Duration ttl, Runnable undo) {
        Runnable heal = () -> {
            if (target.heal(world.notes.now())) {
                undo.run();
                note("healed", target);
            }
        };
        heals.add(heal);
        world.time.after(ttl, heal);
    }

    private void befall(Schedule.Planned planned, int slot, KillPoint point, Duration ttl) {
        Struck target = requested(planned, slot);
        ChaosFault fault = planned.fault();
        if (fault instanceof ChaosFault.Signalled signalled && point == KillPoint.OUTSIDE) {
            signal(target, signalled.signal(), ttl);
        } else if (fault instanceof ChaosFault.Signalled) {
            arm(target, Moment.valueOf(point.name()), 1, ttl);
        } else if (fault instanceof ChaosFault.Delayed delayed) {
            arm(target, moment(delayed.direction()), delayed.share(), ttl);
        } else if (fault instanceof ChaosFault.Frames frames) {
            arm(target, moment(frames.direction()), frames.share(), ttl);
        } else if (fault instanceof ChaosFault.Sliced sliced) {
            arm(target, moment(sliced.direction()), sliced.share(), ttl);
        } else if (fault instanceof ChaosFault.Throttled throttled) {
            arm(target, moment(throttled.direction()), 1, ttl);
        } else if (fault instanceof ChaosFault.Partitioned cut) {
            arm(target, moment(cut.direction()), 1, ttl);
        } else if (fault instanceof ChaosFault.Swizzled cut) {
            arm(target, moment(cut.direction()), 1, ttl);
        } else if (fault instanceof ChaosFault.HealthLied lied) {
            arm(target, lied.lie() == HealthLie.WELL ? Moment.BEFORE_SEND : Moment.CHECKED, 1, ttl);
        } else if (fault instanceof ChaosFault.SlowStarted) {
            arm(target, Moment.MID_LOAD, 1, ttl);
        } else {
            arm(target, Moment.STARTED, 1, ttl);
        }
    }

    private static Moment moment(Direction direction) {
        return direction == Direction.TO_JVM ? Moment.EXECUTED : Moment.BEFORE_SEND;
    }

    private void arm(Struck target, Moment moment, double share, Duration ttl) {
        Armed fault = new Armed(target, moment, share);
        armed.add(fault);
        healLater(target, ttl, () -> {
            armed.remove(fault);
            fault.heals.forEach(Runnable::run);
        });
    }

    private void signal(Struck target, Signal signal, Duration ttl) {
        TwinSlot slot = victims.living().stream()
                .filter(living -> living.number() == target.slot())
                .findFirst()
                .orElse(null);
        TwinProcess process = slot == null ? null : slot.process();
        if (slot == null || process == null) {
            return;
        }
        landed(target, slot.phase());
        process.signal(signal.number());
        healLater(target, ttl, () -> {
            if (signal == Signal.STOP) {
                process.signal(Signal.CONT.number());
            }
        });
    }

    /** Returns the faults that land now: a slot's call, or its answer, is at this moment. */
    List<Armed> at(TwinSlot slot, Moment moment) {
        List<Armed> hits = new ArrayList<>(1);
        for (Armed fault : armed) {
            boolean here = fault.struck.slot() == slot.number() && fault.moment == moment && fault.left > 0;
            if (here && (fault.share >= 1 || fault.random.nextDouble() < fault.share)) {
                hits.add(fault);
            }
        }
        for (Armed fault : hits) {
            boolean again = fault.fault() instanceof ChaosFault.Grown || fault.fault() instanceof ChaosFault.Throttled;
            fault.left -= again ? 0 : 1;
            landed(fault.struck, slot.phase());
        }
        return hits;
    }

    /** A worker has ended: whatever was to kill it is found out. */
    void ended(int slot) {
        struck.stream()
                .filter(target ->
                        target.slot() == slot && isDeadly(target.planned().fault()))
                .forEach(target -> target.detect(world.notes.now()));
    }

    private static boolean isDeadly(ChaosFault fault) {
        return fault instanceof ChaosFault.Exited
                || (fault instanceof ChaosFault.Signalled signalled && signalled.signal() != Signal.STOP);
    }

    /** Heals whatever is not healed. */
    void healAll() {
        List.copyOf(heals).forEach(Runnable::run);
    }
}
