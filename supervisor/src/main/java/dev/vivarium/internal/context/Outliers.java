package dev.vivarium.internal.context;

import dev.vivarium.OutlierPolicy;
import dev.vivarium.internal.core.OutlierCore;
import dev.vivarium.internal.core.OutlierCore.Ejection;
import dev.vivarium.internal.core.SlotEvent.Verdict;
import dev.vivarium.internal.port.Clock;
import java.util.function.Consumer;

/** The pool's one {@link OutlierCore}, which all slots ask. Thread-safe. */
public final class Outliers {

    /** Answers that came in, and what the pool is like at that moment. */
    public record Answer(int slot, String handler, boolean failed, int workers, boolean othersServe) {}

    private final Clock clock;
    private final boolean enabled;
    private final OutlierCore core;

    Outliers(OutlierPolicy policy, Clock clock) {
        this.clock = clock;
        this.enabled = policy.enabled();
        this.core = new OutlierCore(policy);
    }

    /**
     * A worker answered a call.
     *
     * @param ejected is told when that makes its worker an outlier
     */
    public Verdict answered(Answer answer, Consumer<Ejection> ejected) {
        if (!enabled) {
            return answer.failed() ? Verdict.RAISED : Verdict.SOUND;
        }
        synchronized (core) {
            boolean before = core.isEjected(answer.slot());
            Verdict verdict = core.answered(
                    answer.slot(),
                    answer.handler(),
                    answer.failed(),
                    answer.workers(),
                    answer.othersServe(),
                    clock.nanoTime());
            if (verdict == Verdict.OUTLIER && !before) {
                ejected.accept(core.lastEjection());
            }
            return verdict;
        }
    }

    /** The worker came back, or ended. */
    public void renewed(int slot) {
        synchronized (core) {
            core.renewed(slot);
        }
    }

    /** The slot ended for good. */
    public void forget(int slot) {
        synchronized (core) {
            core.forget(slot);
        }
    }
}
