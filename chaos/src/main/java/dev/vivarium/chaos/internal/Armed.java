package dev.vivarium.chaos.internal;

import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.Direction;
import dev.vivarium.chaos.FrameEffect;
import dev.vivarium.chaos.KillPoint;
import dev.vivarium.chaos.Schedule;
import dev.vivarium.testkit.Fault;
import dev.vivarium.testkit.Moment;
import java.util.Optional;

/** A fault as the kit lands it. */
record Armed(Fault fault, Moment moment, double share, int times) {

    /** As often as there are frames. */
    private static final int ALL = Integer.MAX_VALUE;

    /**
     * Returns what a fault comes to.
     *
     * @param point where in a call, for signals
     */
    static Armed of(Schedule.Planned planned, Optional<KillPoint> point) {
        ChaosFault fault = planned.fault();
        int times = planned.times();
        if (fault instanceof ChaosFault.Signalled signalled) {
            Moment moment = Moment.valueOf(point.orElseThrow().name());
            return new Armed(new Fault.Signalled(signalled.signal().number()), moment, 1, times);
        } else if (fault instanceof ChaosFault.Exited exited) {
            return new Armed(new Fault.Exited(exited.status()), Moment.STARTED, 1, times);
        } else if (fault instanceof ChaosFault.Hung) {
            return new Armed(new Fault.Hung(), Moment.STARTED, 1, times);
        } else if (fault instanceof ChaosFault.OfFrames frames) {
            return ofFrames(frames, times);
        }
        throw new IllegalArgumentException(fault + " is not landed by the kit");
    }

    private static Armed ofFrames(ChaosFault.OfFrames fault, int times) {
        if (fault instanceof ChaosFault.Delayed delayed) {
            Fault late = new Fault.Delayed(delayed.by(), delayed.jitter(), delayed.correlation());
            return new Armed(late, moment(delayed.direction()), delayed.share(), times);
        } else if (fault instanceof ChaosFault.Frames frames) {
            return new Armed(effect(frames.effect()), moment(frames.direction()), frames.share(), times);
        } else if (fault instanceof ChaosFault.Sliced sliced) {
            Fault pieces = new Fault.Sliced(sliced.bytes(), sliced.pause());
            return new Armed(pieces, moment(sliced.direction()), sliced.share(), times);
        } else if (fault instanceof ChaosFault.Throttled throttled) {
            return new Armed(new Fault.Throttled(throttled.bytesPerSecond()), moment(throttled.direction()), 1, ALL);
        } else if (fault instanceof ChaosFault.Partitioned cut) {
            return cut(cut.direction(), times);
        } else if (fault instanceof ChaosFault.Swizzled cut) {
            return cut(cut.direction(), times);
        } else if (fault instanceof ChaosFault.SlowStarted slow) {
            Fault late = new Fault.Delayed(slow.by());
            return new Armed(late, Moment.MID_LOAD, 1, times);
        } else if (fault instanceof ChaosFault.HealthLied lied) {
            return switch (lied.lie()) {
                case SILENT -> new Armed(new Fault.Dropped(), Moment.CHECKED, 1, times);
                case NONSENSE -> new Armed(new Fault.Misaddressed(), Moment.CHECKED, 1, times);
                case WELL -> new Armed(new Fault.Dropped(), Moment.BEFORE_SEND, 1, times);
            };
        }
        throw new IllegalArgumentException(fault + " is not known");
    }

    private static Armed cut(Direction direction, int times) {
        boolean toWorker = direction != Direction.TO_JVM;
        boolean toJvm = direction != Direction.TO_WORKER;
        return new Armed(new Fault.Partitioned(toWorker, toJvm), moment(direction), 1, times);
    }

    private static Moment moment(Direction direction) {
        return direction == Direction.TO_JVM ? Moment.EXECUTED : Moment.BEFORE_SEND;
    }

    private static Fault effect(FrameEffect effect) {
        return switch (effect) {
            case CORRUPT -> new Fault.Corrupted();
            case TRUNCATE -> new Fault.Truncated();
            case DUPLICATE -> new Fault.Duplicated();
            case REORDER -> new Fault.Reordered();
            case DROP -> new Fault.Dropped();
            case OVERSIZE -> new Fault.Oversized();
            case MISADDRESS -> new Fault.Misaddressed();
            case CROSS -> new Fault.Crossed();
            case BELATE -> new Fault.Belated();
            case FORGE -> new Fault.Forged();
        };
    }
}
