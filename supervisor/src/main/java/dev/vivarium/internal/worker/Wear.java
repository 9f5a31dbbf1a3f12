package dev.vivarium.internal.worker;

import dev.vivarium.RecycleReason;
import dev.vivarium.protocol.message.MemoryUse;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/** How much one incarnation has served; the pool hears of it when it is enough. The slot's actor owns it. */
final class Wear {

    private final PoolPort pool;
    private final int slot;
    private final int incarnation;
    private final RecycleWatch watch;
    private final EndRecord end;
    private long completed;

    Wear(PoolPort pool, int slot, int incarnation, RecycleWatch watch, EndRecord end) {
        this.pool = pool;
        this.slot = slot;
        this.incarnation = incarnation;
        this.watch = watch;
        this.end = end;
    }

    long completed() {
        return completed;
    }

    /** It is ready: from now on it grows old, if that is to have an end. */
    void startAge(TimerScheduler<WorkerSlot.Command> timers, int ofIncarnation) {
        if (watch.hasAge()) {
            timers.startSingleTimer(SlotNote.GrownOld.class, new SlotNote.GrownOld(ofIncarnation), watch.age());
        }
    }

    /** It has answered a call. */
    void answered() {
        completed++;
        tell(watch.due(completed, end.liveMemory()));
    }

    /** It was measured. */
    void measured(MemoryUse use) {
        tell(watch.due(completed, use.bytes()));
    }

    /** It has reached its age. */
    void grownOld(int ofIncarnation) {
        if (ofIncarnation == incarnation) {
            tell(RecycleReason.AGE);
        }
    }

    private void tell(@Nullable RecycleReason reason) {
        if (reason != null) {
            end.worn(watch.describe(reason, completed, end.liveMemory()));
            pool.recycleDue(slot, incarnation, reason);
        }
    }
}
