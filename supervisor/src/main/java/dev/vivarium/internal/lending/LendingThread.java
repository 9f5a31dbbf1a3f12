package dev.vivarium.internal.lending;

import org.jspecify.annotations.Nullable;

/** A daemon thread of the pool's own whose work is to bring actors news, and which is lent to them each time. */
public final class LendingThread extends Thread {

    /** What it is lent for; reused. Only this thread uses it. */
    final Loan loan = new Loan();

    /** The loan when it is lent. Only this thread uses it. */
    @Nullable
    Loan current;

    /** Creates the thread. */
    public LendingThread(Runnable work, String name) {
        super(work, name);
        setDaemon(true);
    }
}
