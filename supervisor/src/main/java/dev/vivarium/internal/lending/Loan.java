package dev.vivarium.internal.lending;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Lends the calling thread to the pool's actors: what they have to do because of some news, they do at once on the thread
 * that brings it, in place of waking one of their dispatcher's. Waking a thread costs more than everything that a call makes
 * the actors do.
 *
 * <p>It changes the thread and nothing else. An actor is still given one message at a time, in order, by its mailbox; one that
 * another thread is just running gets the message there, and the loan is over the sooner. A loan is bounded: after
 * {@link #MOST_TASKS} turns of mailboxes, the rest goes to the dispatcher's threads.
 *
 * <p>The thread may be a user's, so that it must come back as it was: an interrupt that finds it meanwhile, and what it had in
 * the MDC, is kept for its owner; and one whose stack is nearly used up makes no call, because actors would be the ones to find its end.
 */
public final class Loan {

    /** How many turns of mailboxes one loan is for. What follows from one call or answer is three to five. */
    static final int MOST_TASKS = 8;

    private static final Logger log = LoggerFactory.getLogger(Loan.class);
    private static final ThreadLocal<@Nullable Loan> CURRENT = new ThreadLocal<>();

    private final ArrayDeque<Errand> errands = new ArrayDeque<>(MOST_TASKS);
    private boolean interrupted;

    private record Errand(Runnable task, Executor owner) {}

    Loan() {}

    private static @Nullable Loan current() {
        return Thread.currentThread() instanceof LendingThread own ? own.current : CURRENT.get();
    }

    /**
     * Checks, before anything is begun, that the calling thread has the stack that a loan takes. An overflow half-way would leave
     * behind a call that nobody ends, or a class that never loads again.
     *
     * @throws StackOverflowError when it has not
     */
    public static void requireStack() {
        if (!(Thread.currentThread() instanceof LendingThread) && !StackRoom.isEnough()) {
            throw new StackOverflowError("a call takes up to " + StackRoom.KIBIBYTES
                    + " KiB of the stack of the thread that makes it, and less is left; nothing was begun");
        }
    }

    /**
     * Runs {@code news}, which tells actors something, and then what those have to do because of it. The thread must be one of
     * the pool's, or have been found to have the {@linkplain #requireStack() stack} for it.
     */
    public static void with(Runnable news) {
        if (Thread.currentThread() instanceof LendingThread own) {
            withOwn(own, news);
        } else if (CURRENT.get() != null) {
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
        // An actor that has logged leaves it empty.
        Map<String, String> mdc = MDC.getCopyOfContextMap();
        CURRENT.set(loan);
        try {
            loan.run(news);
        } finally {
            // Not only set to null: the thread may outlive this library's class loader.
            CURRENT.remove();
            if (mdc != null) {
                MDC.setContextMap(mdc);
            }
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

    /** Returns whether the calling thread is one of the pool's that bring news, and is not lent just now: no actor waits for it. */
    public static boolean isReaderAtRest() {
        return Thread.currentThread() instanceof LendingThread own && own.current == null;
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
                hand(() -> rethrow(thrown), errand.owner());
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
        try {
            for (Errand errand = errands.poll(); errand != null; errand = errands.poll()) {
                hand(errand.task(), errand.owner());
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void hand(Runnable task, Executor owner) {
        try {
            owner.execute(task);
        } catch (RejectedExecutionException ended) {
            log.debug("an actor system has ended, and what its actors had left to do with it", ended);
        }
    }
}
