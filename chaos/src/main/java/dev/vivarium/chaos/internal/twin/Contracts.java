package dev.vivarium.chaos.internal.twin;

import dev.vivarium.CallAttempt;
import dev.vivarium.PoolConfig;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerState;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.core.FailureTable;
import dev.vivarium.internal.core.SlotCore;
import dev.vivarium.internal.core.SlotEffect;
import dev.vivarium.internal.core.SlotEvent;
import dev.vivarium.internal.core.SlotState;
import dev.vivarium.protocol.Execution;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the documentation promises of one pool and only its inside can show, watched while it runs: legal moves, one call for each
 * worker, incarnations that are never used twice, restarts that wait longer and longer. Written from the promises, not from the code
 * that keeps them. For one thread.
 */
final class Contracts {

    private static final int MOST_DOUBLINGS = 40;

    /** What a slot has been through. */
    private static final class Past {
        private int incarnation;
        private @Nullable WorkerState published;
        private boolean answered;
        private int failures;
        private long endedAt;
        private long readySince;
    }

    private final World world;
    private final Map<Integer, Past> slots = new HashMap<>();
    private final List<String> broken = new ArrayList<>();

    Contracts(World world) {
        this.world = world;
    }

    private void broken(String what) {
        broken.add(what);
    }

    private Past past(int slot) {
        return slots.computeIfAbsent(slot, number -> new Past());
    }

    /** Returns what was broken. */
    List<String> broken() {
        return List.copyOf(broken);
    }

    /** A slot starts a process. */
    void spawned(int slot, int incarnation) {
        Past past = past(slot);
        if (incarnation <= past.incarnation) {
            broken("slot " + slot + " uses incarnation " + incarnation + " after " + past.incarnation);
        }
        past.incarnation = incarnation;
        long waited = world.time.nanoTime() - past.endedAt;
        if (past.failures > 0 && waited < leastWait(past.failures)) {
            broken("slot " + slot + " starts " + waited / 1_000_000 + " ms after failure " + past.failures
                    + " in a row, at least " + leastWait(past.failures) / 1_000_000 + " ms are promised");
        }
        past.answered = false;
        past.readySince = 0;
    }

    private long leastWait(int failures) {
        PoolConfig.Restart restart = world.config.restart();
        double wait = Math.scalb((double) restart.minBackoff().toNanos(), Math.min(failures - 1, MOST_DOUBLINGS));
        double least = Math.min(wait, (double) restart.maxBackoff().toNanos()) * (1 - restart.jitter());
        return Math.max(0, (long) least - 2_000_000);
    }

    /** A slot has ended; another of its number knows nothing of its failures. */
    void retired(int slot) {
        past(slot).failures = 0;
    }

    /** A worker is out of a call. */
    void answered(int slot) {
        past(slot).answered = true;
    }

    /** A move is published. */
    void moved(int slot, SlotEffect.Moved moved) {
        Past past = past(slot);
        WorkerState from = moved.from();
        boolean first = from == null && (past.published == null || past.published == WorkerState.TERMINATED);
        boolean next = from != null && from == past.published && from.canMoveTo(moved.to());
        if (!first && !next) {
            broken("slot " + slot + " moves from " + from + " to " + moved.to() + " and was " + past.published);
        }
        past.published = moved.to();
        long now = world.time.nanoTime();
        if (moved.to() == WorkerState.READY && past.readySince == 0) {
            past.readySince = now;
        } else if (moved.to() == WorkerState.TERMINATED) {
            ended(past, moved.cause(), now);
        }
    }

    private void ended(Past past, TransitionCause cause, long now) {
        past.endedAt = now;
        boolean ready = past.readySince != 0;
        boolean innocent = cause == TransitionCause.GUARDIAN_LOST || (cause == TransitionCause.KILLED && ready);
        boolean stable = ready
                && now - past.readySince >= world.config.restart().stableAfter().toNanos();
        if (innocent || past.answered) {
            past.failures = 0; // The next start is immediate, and nothing is promised about the one after it.
        } else {
            past.failures = stable ? 1 : past.failures + 1;
        }
    }

    /** The core has decided: what an incarnation has to say that has ended does nothing. */
    void decided(int slot, SlotState before, SlotEvent event, SlotCore.Step step) {
        if (event instanceof SlotEvent.OfIncarnation of
                && of.incarnation() != before.incarnation()
                && !step.state().equals(before)) {
            broken("slot " + slot + " was " + before + " and heeds " + event);
        }
    }

    /** A worker gets a call. */
    void sent(int slot, @Nullable ActiveCall before, int process, int incarnation) {
        if (before != null || process != incarnation) {
            broken("slot " + slot + " of incarnation " + process + " gets a call for incarnation " + incarnation
                    + (before == null ? "" : " besides " + before));
        }
    }

    /** Looks at the attempts of calls that lost a worker. */
    void attempts(List<List<CallAttempt>> calls) {
        int mostRetries = world.config.calls().maxRetries();
        int deadly = world.config.poison().deaths();
        for (List<CallAttempt> attempts : calls) {
            long counted = mostRetries == 0
                    ? attempts.size()
                    : attempts.stream().filter(Contracts::costsARetry).count();
            if (counted > mostRetries + 1) {
                broken("a call lost " + counted + " workers that count, max-retries is " + mostRetries);
            }
            long deaths = attempts.stream().filter(Contracts::isDeath).count();
            if (deaths > deadly) {
                broken("a call ended " + deaths + " workers from within, poison.deaths is " + deadly);
            }
        }
    }

    private static boolean costsARetry(CallAttempt attempt) {
        return attempt.execution() != Execution.NOT_STARTED || FailureTable.isWithin(attempt.cause());
    }

    private static boolean isDeath(CallAttempt attempt) {
        return attempt.execution() != Execution.NOT_STARTED
                && (attempt.cause() == TransitionCause.CRASHED
                        || attempt.cause() == TransitionCause.EXITED
                        || attempt.cause() == TransitionCause.MEMORY_LIMIT
                        || attempt.cause() == TransitionCause.OUT_OF_MEMORY);
    }
}
