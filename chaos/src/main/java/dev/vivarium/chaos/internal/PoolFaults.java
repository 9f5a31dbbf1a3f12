package dev.vivarium.chaos.internal;

import dev.vivarium.PoolEvent;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.PoolProcess;
import dev.vivarium.testkit.TestPool;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What befalls the pool as a whole, or the JVM that it is in, by the runner's helper. Thread-safe. */
final class PoolFaults implements AutoCloseable {

    /** Is told what becomes of a fault. */
    interface Told {
        /** It has landed. */
        void landed(Struck target);

        /** It is healed. */
        void healed(Struck target);

        /** It could not be carried out. */
        void refused(Struck target, String reason);

        /** It is to be undone at the end of its time to live, or with everything. */
        void undoLater(Struck target, Runnable undo);
    }

    private final TestPool kit;
    private final Path ballast;
    private final Supplier<Helper> starter;
    private final Told told;
    private @Nullable Helper helper;
    private volatile long guardian;
    private volatile long template;

    /**
     * Creates them.
     *
     * @param python the interpreter of the helper, which is started when it is needed
     * @param ballast a file in the file system in which the pool makes shared memory, which is not there yet
     * @param troubles is told what the helper fails in
     */
    PoolFaults(TestPool kit, Orders orders, String python, Path ballast, Consumer<String> troubles, Told told) {
        this.kit = kit;
        this.ballast = ballast;
        this.told = told;
        starter = () -> new Helper(python, kit.name(), orders, troubles);
    }

    /** Returns the helper, which is started when it is needed first. */
    synchronized Helper helper() {
        Helper started = helper;
        if (started == null) {
            started = starter.get();
            helper = started;
        }
        return started;
    }

    /** Learns of the pool's processes. */
    void on(PoolEvent event) {
        if (event instanceof PoolEvent.GuardianStarted started) {
            guardian = started.pid();
        } else if (event instanceof PoolEvent.TemplateStarted started) {
            template = started.pid();
        } else if (event instanceof PoolEvent.TemplateLost) {
            template = 0;
        }
    }

    /** Returns the guardian, if it is this pool's; a number that another has now is not. */
    Optional<ProcessHandle> guardian() {
        return ProcessHandle.of(guardian).filter(process -> Leftovers.bearsMark(process, kit.name()));
    }

    /** Has one happen that the helper does. */
    void befall(Struck target) {
        ChaosFault fault = target.planned().fault();
        Duration ttl = target.planned().ttl();
        Helper.Listener listener = new Listener(target);
        int number;
        if (fault instanceof ChaosFault.PoolSignalled signalled) {
            long pid = signalled.process() == PoolProcess.GUARDIAN ? guardian : template;
            if (pid == 0) {
                told.refused(target, "there is no " + Reading.word(signalled.process()));
                return;
            }
            number = helper().signal(pid, signalled.signal().number(), ttl, listener);
        } else if (fault instanceof ChaosFault.JvmPaused paused) {
            number = helper().pause(paused.time(), ttl, listener);
        } else if (fault instanceof ChaosFault.SharedMemoryFilled filled) {
            number = helper().fill(ballast, filled.most(), ttl, listener);
        } else {
            throw new IllegalArgumentException(fault + " is not done by the helper");
        }
        told.undoLater(target, () -> helper().heal(number));
    }

    /** Has all undone that the helper has done. */
    @Override
    public synchronized void close() {
        if (helper != null) {
            helper.close();
        }
    }

    /** Tells of one. */
    private final class Listener implements Helper.Listener {
        private final Struck target;

        Listener(Struck target) {
            this.target = target;
        }

        @Override
        public void landed() {
            told.landed(target);
        }

        @Override
        public void refused(String reason) {
            told.refused(target, reason);
        }

        @Override
        public void healed() {
            told.healed(target);
        }
    }
}
