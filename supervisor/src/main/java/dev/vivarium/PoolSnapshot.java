package dev.vivarium;

import dev.vivarium.WorkerSnapshot.Phase;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * A pool at one moment. Each slot is counted once, so {@code idle + busy + starting + ...} is always {@code total}.
 *
 * @param pool the pool's name
 * @param state the pool's state
 * @param wanted how many workers are wanted, overflow not included
 * @param waiting calls accepted and not yet given to a worker
 * @param oldestWait how long the oldest of them has waited; zero when none waits
 * @param accepted calls accepted since the start
 * @param succeeded calls that ended with a result
 * @param failed calls that ended with an error, cancelled ones included
 * @param retried attempts beyond each call's first
 * @param restarts processes started to replace one that ended
 * @param ejections how often a worker was an outlier; see {@link OutlierPolicy}
 * @param lateReplies answers that came after their call had ended, counted and dropped
 * @param droppedLogLines lines and log records of workers that exceeded the log limits
 * @param ladder how often workers had to be got off a call
 * @param sessions what has become of sessions
 * @param openCircuits circuit breakers that do not let every call through
 * @param workers the slots, by number
 */
public record PoolSnapshot(
        String pool,
        PoolState state,
        int wanted,
        int waiting,
        Duration oldestWait,
        long accepted,
        long succeeded,
        long failed,
        long retried,
        long restarts,
        long ejections,
        long lateReplies,
        long droppedLogLines,
        LadderCounts ladder,
        SessionCounts sessions,
        List<Circuit> openCircuits,
        List<WorkerSnapshot> workers) {

    /** Copies the lists. */
    public PoolSnapshot {
        openCircuits = List.copyOf(openCircuits);
        workers = List.copyOf(workers);
    }

    /** Returns the number of slots, overflow included. */
    public int total() {
        return workers.size();
    }

    /** Returns how many slots are in {@code phase}. */
    public int count(Phase phase) {
        int n = 0;
        for (WorkerSnapshot worker : workers) {
            if (worker.phase() == phase) {
                n++;
            }
        }
        return n;
    }

    /** Returns the numbers that matter in an error message. */
    public String summary() {
        StringBuilder text = new StringBuilder("total=").append(total());
        for (Phase phase : List.of(Phase.IDLE, Phase.BUSY, Phase.STARTING)) {
            append(text, phase);
        }
        for (Phase phase : List.of(Phase.VACANT, Phase.BACKING_OFF, Phase.FENCED, Phase.DEGRADED, Phase.RETIRING)) {
            if (count(phase) > 0) {
                append(text, phase);
            }
        }
        return text.append(", waiting=").append(waiting).toString();
    }

    private void append(StringBuilder text, Phase phase) {
        String name = phase.name().toLowerCase(Locale.ROOT).replace('_', '-');
        text.append(", ").append(name).append('=').append(count(phase));
    }
}
