package dev.vivarium.internal.router;

import dev.vivarium.WorkerExit;
import dev.vivarium.internal.call.Target;
import dev.vivarium.internal.worker.WorkerSlot;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** The workers that have been ready and have not ended, idle or not. Used by the router only. */
final class LiveWorkers {

    /**
     * A worker.
     *
     * @param slot the owner of its slot
     * @param unfit whether it did not take a setting, and is being ended
     */
    record Live(Target target, ActorRef<WorkerSlot.Command> slot, boolean unfit) {}

    private final TreeMap<Integer, Live> bySlot = new TreeMap<>();

    /** A worker may be leased, for the first time or again. */
    Live offered(Target target, ActorRef<WorkerSlot.Command> slot) {
        Live known = bySlot.get(target.slot());
        if (known == null || !known.target().equals(target)) {
            known = new Live(target, slot, false);
            bySlot.put(target.slot(), known);
        }
        return known;
    }

    /** A worker has ended; false when it was not known, or is another by now. */
    boolean ended(WorkerExit exit) {
        Live known = bySlot.get(exit.worker().slot());
        if (known == null || known.target().incarnation() != exit.incarnation()) {
            return false;
        }
        bySlot.remove(exit.worker().slot());
        return true;
    }

    /** A worker serves no more calls: it is being ended. */
    void unfit(Live worker) {
        bySlot.put(worker.target().slot(), new Live(worker.target(), worker.slot(), true));
    }

    /** Returns a worker that is up; null when it has ended or is being ended. */
    @Nullable
    Live get(Target target) {
        Live known = bySlot.get(target.slot());
        return known == null || known.unfit() || !known.target().equals(target) ? null : known;
    }

    /** Returns the workers that are up, by slot. */
    Collection<Live> up() {
        return List.copyOf(
                bySlot.values().stream().filter(live -> !live.unfit()).toList());
    }
}
