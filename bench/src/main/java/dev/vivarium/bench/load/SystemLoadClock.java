package dev.vivarium.bench.load;

import java.util.concurrent.locks.LockSupport;

/** The machine's clock. */
enum SystemLoadClock implements LoadClock {
    INSTANCE;

    @Override
    public long nanos() {
        return System.nanoTime();
    }

    @Override
    public void until(long nanos) throws InterruptedException {
        // Parking may end early, for no reason too.
        for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
            LockSupport.parkNanos(left);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }
}
