package dev.vivarium.internal.worker;

import dev.vivarium.PoolException;
import dev.vivarium.PythonException;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.SettingCall;
import dev.vivarium.internal.call.Target;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.context.Setting;
import dev.vivarium.internal.core.FailureTable;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;
import dev.vivarium.protocol.message.Ready;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Gives a worker that has loaded its handlers the pool's settings, one after the other, before it is ready. The slot's actor owns
 * it.
 */
final class SlotSettings {

    private final PoolContext context;
    private final int slot;
    private @Nullable Ready ready;
    private @Nullable Setting setting;
    private @Nullable ActiveCall call;
    private AtomicReference<@Nullable PoolException> error = new AtomicReference<>();

    SlotSettings(PoolContext context, int slot) {
        this.context = context;
        this.slot = slot;
    }

    /** The worker has loaded its handlers; false when it says so for the second time. */
    boolean begin(SlotReport.ReadyReceived message) {
        if (ready != null) {
            return false;
        }
        ready = message.ready();
        return true;
    }

    /** Returns whether an answer is to the setting that the worker was given last; then it is noted. */
    boolean answered(long callId) {
        ActiveCall current = call;
        if (current == null || current.id() != callId) {
            return false;
        }
        Setting taken = setting;
        Target target = current.target();
        if (error.get() == null && taken != null && target != null) {
            context.settings().applied(slot, target.incarnation(), taken.revision());
        }
        call = null;
        return true;
    }

    /** Returns whether the worker has not taken the last setting; then its end is put down to that. */
    boolean refused(EndRecord end) {
        PoolException refused = error.get();
        Setting given = setting;
        if (refused == null || given == null) {
            return false;
        }
        end.refused(given + ": " + refused.getMessage(), body(refused));
        return true;
    }

    private static ErrorBody body(PoolException refused) {
        if (refused instanceof PythonException raised) {
            return raised.details();
        }
        return new ErrorBody(
                ErrorKind.LOAD,
                refused.execution(),
                refused.getClass().getSimpleName(),
                String.valueOf(refused.getMessage()),
                List.of(),
                List.of(),
                List.of(),
                null);
    }

    /** Gives the worker the next setting and returns null; or what it was ready with, when it lacks none. */
    @Nullable
    Ready next(WorkerDriver driver, int incarnation, EndRecord end) {
        Setting next = context.settings().next(slot, incarnation);
        setting = next;
        end.preparing(next == null ? null : next.toString());
        if (next == null) {
            return ready;
        }
        AtomicReference<@Nullable PoolException> outcome = new AtomicReference<>();
        error = outcome;
        ActiveCall given = SettingCall.lease(context, next, new Target(slot, incarnation), new ActiveCall.Sink() {
            @Override
            public void succeeded(ActiveCall ended, byte[] body) {}

            @Override
            public void failed(ActiveCall ended, PoolException why) {
                outcome.set(why);
            }
        });
        call = given;
        long left = given.deadline() - context.clock().nanoTime();
        given.sending(() -> {}); // Nobody can cancel it; the time for loading limits it.
        driver.send(given, Math.max(1, left / 1000));
        return null;
    }

    /** The worker has ended, or was ended; the router hears of it, too. */
    void over(WorkerExit exit, RouterPort router) {
        ActiveCall open = call;
        if (open != null) {
            FailureTable.Failure failure = FailureTable.of(exit.cause(), 0);
            open.fail(new WorkerCrashed(
                    failure.category(),
                    failure.severity(),
                    Execution.UNKNOWN,
                    exit,
                    List.of(),
                    open + " lost its worker before that was ready: " + exit.detail()));
        }
        router.ended(exit);
        ready = null;
        setting = null;
        call = null;
        error = new AtomicReference<>();
    }
}
