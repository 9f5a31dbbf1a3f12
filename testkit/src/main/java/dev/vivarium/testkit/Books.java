package dev.vivarium.testkit;

import dev.vivarium.PoolSnapshot;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerSnapshot.Phase;
import java.time.Duration;
import java.util.List;

/** Whether calls and leases of a pool balance by its own account. */
final class Books {

    private Books() {}

    /**
     * Looks at a pool that has not been closed: closing ends every call and every worker, and with them what was lost or never given back.
     * Calls may be open, for a test may leave some; but no worker has a call, and none waits, that is none of these.
     *
     * @param patience how long to wait for what is on its way: a caller hears of an answer before the pool does
     */
    static void lookWhileItServes(PythonPool pool, EventRecorder events, Duration patience, List<Leak> leaks)
            throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        try {
            while (tooMany(pool.snapshot()) > 0) {
                events.awaitChange(end, () -> "books that balance");
            }
        } catch (AssertionError late) {
            PoolSnapshot books = pool.snapshot();
            if (tooMany(books) > 0) {
                leaks.add(new Leak(
                        Leak.Kind.LEASE,
                        books.count(Phase.BUSY) + " workers have a call and " + books.waiting()
                                + " calls wait, but only " + open(books) + " calls are open, in " + books));
            }
        }
    }

    private static long open(PoolSnapshot books) {
        return books.accepted() - books.succeeded() - books.failed();
    }

    private static long tooMany(PoolSnapshot books) {
        return books.count(Phase.BUSY) + books.waiting() - open(books);
    }

    /** Looks at what a pool has left when it was closed. */
    static void lookAtTheEnd(PoolSnapshot books, List<Leak> leaks) {
        if (open(books) != 0) {
            leaks.add(new Leak(Leak.Kind.LEASE, open(books) + " calls count as open in " + books));
        }
        if (books.waiting() != 0) {
            leaks.add(new Leak(Leak.Kind.LEASE, books.waiting() + " calls count as waiting in " + books));
        }
        books.workers()
                .forEach(worker -> leaks.add(new Leak(Leak.Kind.LEASE, worker.worker() + " is " + worker.phase())));
    }
}
