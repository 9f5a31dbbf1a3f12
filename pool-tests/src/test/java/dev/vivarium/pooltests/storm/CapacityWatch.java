package dev.vivarium.pooltests.storm;

import dev.vivarium.PoolEvent;
import dev.vivarium.WorkerExit;
import dev.vivarium.WorkerState;
import java.util.HashSet;
import java.util.Set;

/** Counts from a pool's events how many workers serve. Thread-safe. */
final class CapacityWatch {

    private final int wanted;
    private final Set<String> serving = new HashSet<>();
    private boolean complete;
    private boolean over;
    private int fewest = Integer.MAX_VALUE;
    private String when = "";

    CapacityWatch(int wanted) {
        this.wanted = wanted;
    }

    /** Takes an event. What comes before all that are wanted have served for the first time does not count. */
    synchronized void on(PoolEvent event) {
        if (over) {
            return;
        }
        if (event instanceof PoolEvent.WorkerTransitioned moved) {
            String worker = moved.worker() + "." + moved.incarnation();
            if (moved.to() == WorkerState.READY || moved.to() == WorkerState.BUSY) {
                serving.add(worker);
            } else {
                serving.remove(worker);
            }
            complete |= serving.size() >= wanted;
            if (complete && serving.size() < fewest) {
                fewest = serving.size();
                when = moved.toString();
            }
        } else if (event instanceof PoolEvent.WorkerExited exited) {
            WorkerExit exit = exited.exit();
            serving.remove(exit.worker() + "." + exit.incarnation());
        }
    }

    /** What comes now, such as the end of the pool, does not count. */
    synchronized void end() {
        over = true;
    }

    synchronized int serving() {
        return serving.size();
    }

    synchronized int fewest() {
        return fewest;
    }

    synchronized Check check(String name) {
        return new Check(
                name,
                complete && fewest >= wanted,
                ">= " + wanted + " at every event",
                complete ? "never below " + fewest + (fewest < wanted ? ": " + when : "") : "never reached " + wanted);
    }
}
