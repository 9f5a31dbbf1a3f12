package dev.vivarium.chaos.internal;

import dev.vivarium.Circuit;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerState;
import dev.vivarium.testkit.LeaseWatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Looks at a pool from outside: its events and its snapshots. Times are nanoseconds of the run. Thread-safe. */
public final class Watch {

    /** A worker's state from a moment on. */
    public record Mark(long at, int slot, int incarnation, WorkerState state, TransitionCause cause) {}

    /** A time in which fewer than the wanted workers were there. */
    public record Outage(long from, long to) {}

    private final int wanted;
    private final Notes history;
    private final LeaseWatch leases;
    private final Set<String> serving = new TreeSet<>();
    private final Set<String> reached = new TreeSet<>();
    private final List<Mark> marks = new ArrayList<>();
    private final List<Outage> outages = new ArrayList<>();
    private final List<Long> restarts = new ArrayList<>();
    private long missingSince = -1;
    private boolean complete;
    private boolean over;
    private int exits;
    private int mostWaiting;
    private long mostMemory = -1;

    /**
     * Creates a watch.
     *
     * @param wanted how many workers are to serve
     * @param history has the time, and is told what happens
     */
    public Watch(int wanted, Notes history, LeaseWatch leases) {
        this.wanted = wanted;
        this.history = history;
        this.leases = leases;
    }

    /** What comes from now on, such as the end of the pool, does not count. */
    public synchronized void end() {
        over = true;
    }

    /** Takes an event. */
    public synchronized void on(PoolEvent event) {
        if (over) {
            return;
        }
        if (event instanceof PoolEvent.WorkerTransitioned moved) {
            moved(moved);
        } else if (event instanceof PoolEvent.WorkerExited exited) {
            exits++;
            TransitionCause cause = exited.exit().cause();
            if (cause == TransitionCause.MEMORY_LIMIT || cause == TransitionCause.PROTOCOL_VIOLATION) {
                reached.add(Reading.word(cause));
            } else if (cause == TransitionCause.HUNG) {
                reached.add("hang");
            }
            history.line("exit")
                    .with("slot", exited.exit().worker().slot())
                    .with("incarnation", exited.exit().incarnation())
                    .with("pid", exited.exit().pid())
                    .with("cause", cause)
                    .with("call", exited.callId())
                    .with("detail", exited.exit().detail())
                    .write();
        } else if (event instanceof PoolEvent.CallRetried) {
            reached.add("retry");
        } else if (event instanceof PoolEvent.CircuitChanged changed) {
            reached.add(changed.to() == Circuit.State.CLOSED ? "circuit-closed" : "circuit-open");
            history.line("circuit")
                    .with("name", changed.circuit().toString())
                    .with("to", changed.to())
                    .write();
        } else if (event instanceof PoolEvent.RecycleDue) {
            reached.add("recycle");
        } else if (event instanceof PoolEvent.GuardianLost) {
            reached.add("guardian-lost");
        } else if (event instanceof PoolEvent.TemplateLost) {
            reached.add("template-lost");
        } else if (event instanceof PoolEvent.LadderClimbed) {
            reached.add("hang");
        } else if (event instanceof PoolEvent.SessionBound bound && bound.epoch() > 1) {
            reached.add("session-moved");
        }
    }

    private void moved(PoolEvent.WorkerTransitioned moved) {
        long now = history.now();
        int slot = moved.worker().slot();
        if (moved.to() != WorkerState.BUSY && moved.cause() != TransitionCause.RELEASED) {
            history.line("worker")
                    .with("slot", slot)
                    .with("incarnation", moved.incarnation())
                    .with("to", moved.to())
                    .with("cause", moved.cause())
                    .write();
        }
        marks.add(new Mark(now, slot, moved.incarnation(), moved.to(), moved.cause()));
        if (moved.to() == WorkerState.INITIALIZING && moved.incarnation() > 1) {
            restarts.add(now);
            reached.add("restart");
        } else if (moved.to() == WorkerState.DEGRADED) {
            reached.add("degraded");
        }
        String worker = slot + "." + moved.incarnation();
        if (moved.to() == WorkerState.READY || moved.to() == WorkerState.BUSY) {
            serving.add(worker);
        } else {
            serving.remove(worker);
        }
        if (serving.size() >= wanted) {
            complete = true;
            if (missingSince >= 0) {
                outages.add(new Outage(missingSince, now));
                missingSince = -1;
            }
        } else if (complete && missingSince < 0) {
            missingSince = now;
        }
    }

    /** Takes a snapshot. */
    public synchronized void on(PoolSnapshot snapshot) {
        leases.look(snapshot.workers(), history.now());
        mostWaiting = Math.max(mostWaiting, snapshot.waiting());
        for (WorkerSnapshot worker : snapshot.workers()) {
            mostMemory = Math.max(mostMemory, worker.memoryBytes());
        }
        if (snapshot.lateReplies() > 0) {
            reached.add("late-reply");
        }
    }

    /** Returns whether something of {@link dev.vivarium.chaos.Metric#events()} has happened. */
    public synchronized boolean hasReached(String event) {
        return reached.contains(event);
    }

    /** Returns how many workers serve. */
    public synchronized int serving() {
        return serving.size();
    }

    /** Returns whether as many serve as are wanted. */
    public synchronized boolean isWhole() {
        return missingSince < 0 && complete;
    }

    /** Returns what was seen of the pool until now; an outage that is not over ends now. */
    public synchronized Facts.PoolFacts facts() {
        List<Outage> all = new ArrayList<>(outages);
        if (missingSince >= 0) {
            all.add(new Outage(missingSince, history.now()));
        }
        return new Facts.PoolFacts(
                Set.copyOf(reached),
                List.copyOf(restarts),
                exits,
                all,
                List.copyOf(marks),
                mostWaiting,
                mostMemory,
                leases.snapshots(),
                leases.violations(),
                leases.first().orElse(leases.snapshots() == 0 ? "no snapshot was looked at" : ""));
    }
}
