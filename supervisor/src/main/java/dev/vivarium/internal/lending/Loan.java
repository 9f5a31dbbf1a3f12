package dev.vivarium.internal.lending;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Lends the calling thread to the pool's actors: what they have to do because of some news, they do at once on the thread
 * that brings it, in place of waking one of their dispatcher's. Waking a thread costs more than everything that a call makes
 * the actors do.
 *
 * <p>It changes the thread and nothing else. An actor is still given one message at a time, in order, by its mailbox; one that
 * another thread is just running gets the message there, and the loan is over the sooner. A loan is bounded: after
 * {@link #MOST_TASKS} turns of mailboxes, the rest goes to the dispatcher's threads.
 *
 * <p>The thread may be a user's, so that it must come back as it was: an interrupt that finds it meanwhile is kept for its
 * owner, and a thread whose stack is nearly used up is not taken, because actors would be the ones to find its end.
 */
public final class Loan {

    /** How many turns of mailboxes one loan is for. What follows from one call or answer is three to five. */
    static final int MOST_TASKS = 8;

    private static final ThreadLocal<@Nullable Loan> CURRENT = new ThreadLocal<>();

    private final ArrayDeque<Errand> errands = new ArrayDeque<>(MOST_TASKS);
    private boolean interrupted;

    private record Errand(Runnable task, Executor owner) {}

    Loan() {}

    private static @Nullable Loan current() {
        return Thread.currentThread() instanceof LendingThread own ? own.current : CURRENT.get();
    }

    /** Runs {@code news}, which tells actors something, and then what those have to do because of it. */
    public static void with(Runnable news) {
        if (Thread.currentThread() instanceof LendingThread own) {
            withOwn(own, news);
        } else if (CURRENT.get() != null || !StackRoom.isEnough()) {
            news.run();
        } else {
            withForeign(news);
        }
    }

    private static void withOwn(LendingThread own, Runnable news) {
        if (own.current != null) {
            news.run();
            return;
        }
        own.current = own.loan;
        try {
            own.loan.run(news);
        } finally {
            own.current = null;
            own.loan.giveBack();
        }
    }

    private static void withForeign(Runnable news) {
        Loan loan = new Loan();
        CURRENT.set(loan);
        try {
            loan.run(news);
        } finally {
            // Not only set to null: the thread may outlive this library's class loader.
            CURRENT.remove();
            loan.giveBack();
        }
    }

    private void run(Runnable news) {
        interrupted = Thread.interrupted();
        news.run();
        runErrands();
    }

    /** Returns whether the calling thread is one that is lent, and so may be a user's. */
    public static boolean isUnderWay() {
        return current() != null;
    }

    /** Has a task run by the calling thread, if it is lent; false when it is not. */
    static boolean take(Runnable task, Executor owner) {
        Loan loan = current();
        if (loan == null) {
            return false;
        }
        loan.errands.add(new Errand(task, owner));
        return true;
    }

    private void runErrands() {
        for (int turns = 0; turns < MOST_TASKS; turns++) {
            Errand errand = errands.poll();
            if (errand == null) {
                return;
            }
            run(errand);
        }
    }

    private void run(Errand errand) {
        try {
            errand.task().run();
        } catch (Throwable thrown) {
            // A mailbox passes on what no actor may handle. Its place is a thread of the dispatcher, whose handler
            // knows what
            // to do about it; and the interrupt it stumbled over is the owner's.
            if (Thread.interrupted() || thrown instanceof InterruptedException) {
                interrupted = true;
            }
            if (!(thrown instanceof InterruptedException)) {
                errand.owner().execute(() -> rethrow(thrown));
            }
        }
        if (Thread.interrupted()) {
            interrupted = true;
        }
    }

    @SuppressWarnings("unchecked") // Unchecked on purpose: whatever it was, it is thrown again as it was.
    private static <T extends Throwable> void rethrow(Throwable thrown) throws T {
        throw (T) thrown;
    }

    private void giveBack() {
        for (Errand errand = errands.poll(); errand != null; errand = errands.poll()) {
            errand.owner().execute(errand.task());
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
