package dev.vivarium.testkit.internal;

import com.typesafe.config.Config;
import dev.vivarium.internal.lending.LendingExecutors;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.dispatch.DispatcherPrerequisites;
import org.apache.pekko.dispatch.ExecutorServiceConfigurator;
import org.apache.pekko.dispatch.ExecutorServiceFactory;
import org.apache.pekko.dispatch.ForkJoinExecutorConfigurator;

/** The executors of dispatchers in virtual time: those of real time, whose tasks the {@link VirtualScheduler} counts. */
public final class CountedExecutors extends ExecutorServiceConfigurator {

    /** Set for the pool's own dispatcher, whose actors also run on threads that are lent; any other is a fork-join pool. */
    static final String LENT = "counted-and-lent";

    private final ExecutorServiceConfigurator real;
    private final WorkUnderWay work;

    /**
     * Creates executors as Pekko does.
     *
     * @throws IllegalStateException when the scheduler of the actor system is another
     */
    public CountedExecutors(Config config, DispatcherPrerequisites prerequisites) {
        super(config, prerequisites);
        if (!(prerequisites.scheduler() instanceof VirtualScheduler scheduler)) {
            throw new IllegalStateException("counted executors need a virtual scheduler, the actor system's is "
                    + prerequisites.scheduler().getClass().getName());
        }
        work = scheduler.work();
        real = config.hasPath(LENT)
                ? new LendingExecutors(config, prerequisites)
                : new ForkJoinExecutorConfigurator(config.getConfig("fork-join-executor"), prerequisites);
    }

    @Override
    public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory threads) {
        ExecutorServiceFactory factory = real.createExecutorServiceFactory(id, threads);
        return () -> new Counted(factory.createExecutorService(), work);
    }

    private static final class Counted extends AbstractExecutorService {
        private final ExecutorService real;
        private final WorkUnderWay work;

        private Counted(ExecutorService real, WorkUnderWay work) {
            this.real = real;
            this.work = work;
        }

        @Override
        public void execute(Runnable task) {
            work.begin();
            boolean taken = false;
            try {
                Object mark = new Object();
                real.execute(() -> {
                    work.run(mark);
                    try {
                        task.run();
                    } finally {
                        work.end(mark);
                    }
                });
                taken = true;
            } finally {
                if (!taken) {
                    work.drop();
                }
            }
        }

        @Override
        public void shutdown() {
            real.shutdown();
        }

        @Override
        public List<Runnable> shutdownNow() {
            return real.shutdownNow();
        }

        @Override
        public boolean isShutdown() {
            return real.isShutdown();
        }

        @Override
        public boolean isTerminated() {
            return real.isTerminated();
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
            return real.awaitTermination(timeout, unit);
        }
    }
}
