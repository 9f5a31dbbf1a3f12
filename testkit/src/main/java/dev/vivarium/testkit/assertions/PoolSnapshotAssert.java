package dev.vivarium.testkit.assertions;

import dev.vivarium.PoolSnapshot;
import dev.vivarium.PoolState;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import java.util.Objects;
import org.assertj.core.api.AbstractAssert;

/** Assertions about a pool at one moment. */
public final class PoolSnapshotAssert extends AbstractAssert<PoolSnapshotAssert, PoolSnapshot> {

    PoolSnapshotAssert(PoolSnapshot actual) {
        super(actual, PoolSnapshotAssert.class);
    }

    private PoolSnapshotAssert check(String what, Object expected, Object is) {
        if (!Objects.equals(expected, is)) {
            throw failureWithActualExpected(
                    is, expected, "%s should be <%s>, and is <%s>, in %s", what, expected, is, actual);
        }
        return this;
    }

    /** The pool's state. */
    public PoolSnapshotAssert state(PoolState expected) {
        isNotNull();
        return check("state", expected, actual.state());
    }

    /** The pool serves. */
    public PoolSnapshotAssert isServing() {
        return state(PoolState.SERVING);
    }

    /** How many workers are wanted. */
    public PoolSnapshotAssert wanted(int expected) {
        isNotNull();
        return check("wanted", expected, actual.wanted());
    }

    /** How many slots are in a phase. */
    public PoolSnapshotAssert workers(Phase phase, int expected) {
        isNotNull();
        return check("the number of " + phase + " workers", expected, actual.count(phase));
    }

    /** There are slots, and every one is idle: no call runs and no worker is on its way. */
    public PoolSnapshotAssert isIdle() {
        isNotNull();
        if (actual.total() == 0) {
            throw failure("the pool should be idle, and has no slots: %s", actual);
        }
        return workers(Phase.IDLE, actual.total());
    }

    /** A slot, by its number from 1, is in a phase. */
    public PoolSnapshotAssert worker(int slot, Phase expected) {
        return check("the phase of slot " + slot, expected, slot(slot).phase());
    }

    /** The incarnation of a slot, by its number from 1. */
    public PoolSnapshotAssert incarnation(int slot, int expected) {
        return check("the incarnation of slot " + slot, expected, slot(slot).incarnation());
    }

    private WorkerSnapshot slot(int slot) {
        isNotNull();
        return actual.workers().stream()
                .filter(worker -> worker.worker().slot() == slot)
                .findFirst()
                .orElseThrow(() -> failure("there should be a slot %s in %s", slot, actual));
    }

    /** How many calls wait for a worker. */
    public PoolSnapshotAssert waiting(int expected) {
        isNotNull();
        return check("waiting", expected, actual.waiting());
    }

    /** How many calls were accepted since the start. */
    public PoolSnapshotAssert accepted(long expected) {
        isNotNull();
        return check("accepted", expected, actual.accepted());
    }

    /** How many calls ended with a result. */
    public PoolSnapshotAssert succeeded(long expected) {
        isNotNull();
        return check("succeeded", expected, actual.succeeded());
    }

    /** How many calls ended with an error. */
    public PoolSnapshotAssert failed(long expected) {
        isNotNull();
        return check("failed", expected, actual.failed());
    }

    /** How many attempts there were beyond each call's first. */
    public PoolSnapshotAssert retried(long expected) {
        isNotNull();
        return check("retried", expected, actual.retried());
    }

    /** How many processes were started to replace one that ended. */
    public PoolSnapshotAssert restarts(long expected) {
        isNotNull();
        return check("restarts", expected, actual.restarts());
    }

    /** Every accepted call has ended, and none waits. */
    public PoolSnapshotAssert hasNoOpenCalls() {
        isNotNull();
        waiting(0);
        return check("the number of open calls", 0L, actual.accepted() - actual.succeeded() - actual.failed());
    }

    /** No circuit breaker is open. */
    public PoolSnapshotAssert hasNoOpenCircuits() {
        isNotNull();
        if (!actual.openCircuits().isEmpty()) {
            throw failure("no circuit should be open, and there are %s", actual.openCircuits());
        }
        return this;
    }
}
