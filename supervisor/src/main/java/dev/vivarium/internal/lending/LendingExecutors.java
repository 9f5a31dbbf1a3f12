package dev.vivarium.internal.lending;

import com.typesafe.config.Config;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.dispatch.DispatcherPrerequisites;
import org.apache.pekko.dispatch.ExecutorServiceConfigurator;
import org.apache.pekko.dispatch.ExecutorServiceFactory;
import org.apache.pekko.dispatch.ThreadPoolExecutorConfigurator;

/**
 * The executors of dispatchers whose actors also run on threads that are lent to them: Pekko's thread pool, and {@link Loan}.
 * Named in the configuration of a dispatcher, with the settings of the thread pool in {@code thread-pool-executor} and
 * {@code lending = off} to do without.
 */
public final class LendingExecutors extends ExecutorServiceConfigurator {

    private final ExecutorServiceConfigurator threadPool;
    private final boolean lending;

    /** Creates executors for a dispatcher with this configuration. */
    public LendingExecutors(Config config, DispatcherPrerequisites prerequisites) {
        super(config, prerequisites);
        threadPool = new ThreadPoolExecutorConfigurator(config.getConfig("thread-pool-executor"), prerequisites);
        lending = config.getBoolean("lending");
    }

    @Override
    public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory threads) {
        ExecutorServiceFactory factory = threadPool.createExecutorServiceFactory(id, threads);
        return lending ? () -> new Lent(factory.createExecutorService()) : factory;
    }

    private static final class Lent extends AbstractExecutorService {
        private final ExecutorService own;

        private Lent(ExecutorService own) {
            this.own = own;
        }

        @Override
        public void execute(Runnable task) {
            if (!Loan.take(task, own)) {
                own.execute(task);
            }
        }

        @Override
        public void shutdown() {
            own.shutdown();
        }

        @Override
        public List<Runnable> shutdownNow() {
            return own.shutdownNow();
        }

        @Override
        public boolean isShutdown() {
            return own.isShutdown();
        }

        @Override
        public boolean isTerminated() {
            return own.isTerminated();
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
            return own.awaitTermination(timeout, unit);
        }
    }
}
