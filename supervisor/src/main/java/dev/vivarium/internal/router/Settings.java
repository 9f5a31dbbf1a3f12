package dev.vivarium.internal.router;

import dev.vivarium.CallCancelled;
import dev.vivarium.CallRejected;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PoolClosed;
import dev.vivarium.PoolException;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.SettingRefused;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.SettingCall;
import dev.vivarium.internal.call.SettingOrder;
import dev.vivarium.internal.call.Target;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.context.Setting;
import dev.vivarium.internal.context.SettingsBook;
import dev.vivarium.internal.core.FailureTable;
import dev.vivarium.internal.core.RouterCore;
import dev.vivarium.internal.worker.WorkerSlot;
import dev.vivarium.protocol.Execution;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes settings, one after the other, and sees to it that a worker that is up answers each before its next call. Used by the
 * router only.
 *
 * <p>An order is tried in the first worker that is free; when that has answered, the setting is in force and the others get it.
 * What a starting worker needs is its slot's to give ({@link SettingsBook}); when it is offered for the first time, what has come
 * into force meanwhile is given to it here. So at no time can a call reach a worker that lacks a setting.
 */
final class Settings {

    private static final Logger log = LoggerFactory.getLogger(Settings.class);

    private final PoolContext context;
    private final RouterCore core;
    private final RouterDoor door;
    private final LiveWorkers live;
    private final BiConsumer<Integer, ActiveCall> sent;
    private final SettingsBook book;
    private final Queue<SettingOrder> waiting = new ArrayDeque<>();
    // Those that do not have all that is in force: some were busy with calls, or reserved for one, when it came.
    private final Set<Target> lacking = new HashSet<>();
    // Those that run a call for a setting.
    private final Set<Target> busy = new HashSet<>();
    private @Nullable SettingOrder order;
    private @Nullable Setting setting;
    private @Nullable Target first;
    private @Nullable ActiveCall firstCall;
    private boolean inForce;
    // The workers that have yet to answer the order that is in force.
    private final Set<Target> awaited = new HashSet<>();

    /**
     * Creates it.
     *
     * @param sent is told which call a slot was given
     */
    Settings(
            PoolContext context,
            RouterCore core,
            RouterDoor door,
            LiveWorkers live,
            BiConsumer<Integer, ActiveCall> sent) {
        this.context = context;
        this.core = core;
        this.door = door;
        this.live = live;
        this.sent = sent;
        this.book = context.settings();
    }

    void order(SettingOrder next, boolean refusing) {
        if (refusing) {
            next.fail(closed(next));
        } else if (waiting.size() >= PythonPool.MAX_SETTINGS) {
            next.fail(new SettingRefused(
                    SettingRefused.Reason.UNDER_WAY,
                    PythonPool.MAX_SETTINGS,
                    next + " was refused: MAX_SETTINGS = " + PythonPool.MAX_SETTINGS + " wait to be made"));
        } else {
            waiting.add(next);
            door.reportAfter(next, next.deadline() - context.clock().nanoTime(), new WorkersReport.Due(next));
            goOn();
        }
    }

    boolean forget(String name) {
        return book.forget(name);
    }

    /** Begins the next order, if none is under way. */
    private void goOn() {
        while (order == null) {
            SettingOrder next = waiting.poll();
            if (next == null) {
                return;
            }
            if (!next.isOver() && fits(next)) {
                order = next;
                setting = next.setting(book.nextRevision());
                first = null;
                inForce = false;
                begin();
            } else {
                door.forget(next);
            }
        }
    }

    private void begin() {
        if (live.up().isEmpty()) {
            putInForce();
            return;
        }
        for (LiveWorkers.Live worker : live.up()) {
            if (first == null) {
                giveIdle(worker);
            }
        }
    }

    private boolean fits(SettingOrder next) {
        List<Setting> others = book.inForce().stream()
                .filter(other -> !other.name().equals(next.name()))
                .toList();
        long bytes = next.bytes();
        for (Setting other : others) {
            bytes += other.body().length;
        }
        if (others.size() >= PythonPool.MAX_SETTINGS) {
            next.fail(new SettingRefused(
                    SettingRefused.Reason.COUNT,
                    PythonPool.MAX_SETTINGS,
                    next + " was refused: the pool has " + others.size() + " others, and MAX_SETTINGS is "
                            + PythonPool.MAX_SETTINGS));
            return false;
        }
        if (bytes > PythonPool.MAX_SETTINGS_BYTES) {
            next.fail(new SettingRefused(
                    SettingRefused.Reason.BYTES,
                    PythonPool.MAX_SETTINGS_BYTES,
                    next + " was refused: with it the settings would take " + bytes
                            + " bytes, and MAX_SETTINGS_BYTES is " + PythonPool.MAX_SETTINGS_BYTES));
            return false;
        }
        return true;
    }

    /** A worker is idle; when it lacks a setting it is not, any more. */
    void offered(LiveWorkers.Live worker) {
        busy.remove(worker.target()); // Whatever has become of the news of its answer.
        giveIdle(worker);
    }

    /** Gives a worker that may be leased the setting that it lacks; false when it lacks none and may have other calls. */
    private boolean give(LiveWorkers.Live worker) {
        if (worker.unfit() || busy.contains(worker.target())) {
            return true;
        }
        Target target = worker.target();
        Setting next = book.next(target.slot(), target.incarnation());
        if (next == null && order != null && !inForce && first == null) {
            next = setting;
            first = target;
        }
        if (next == null) {
            lacking.remove(target); // It may have been forgotten meanwhile.
            return false;
        }
        busy.add(target);
        boolean ofOrder = setting != null && setting.revision() == next.revision();
        ActiveCall call = SettingCall.lease(context, next, target, new Sink(next, target, ofOrder ? order : null));
        if (target.equals(first) && !inForce) {
            firstCall = call;
        }
        sent.accept(target.slot(), call);
        worker.slot().tell(new WorkerSlot.Lease(target.incarnation(), call));
        return true;
    }

    /** Gives a worker the setting that it lacks, if it is idle; else it gets it when it is offered. */
    private void giveIdle(LiveWorkers.Live worker) {
        Target target = worker.target();
        if (core.isIdle(target.slot()) && give(worker)) {
            core.unavailable(target.slot(), target.incarnation());
        }
    }

    /** Gives idle workers what they lack. */
    void giveIdle() {
        if (!lacking.isEmpty()) {
            for (Target target : List.copyOf(lacking)) {
                LiveWorkers.Live worker = live.get(target);
                if (worker == null) {
                    lacking.remove(target);
                } else {
                    giveIdle(worker);
                }
            }
        }
    }

    private final class Sink implements ActiveCall.Sink {
        private final Setting given;
        private final Target target;
        private final @Nullable SettingOrder asked;

        Sink(Setting given, Target target, @Nullable SettingOrder asked) {
            this.given = given;
            this.target = target;
            this.asked = asked;
        }

        @Override
        public void succeeded(ActiveCall call, byte[] body) {
            if (asked != null) {
                asked.replies().answered(context.worker(target.slot()), call, body);
            }
            door.report(new WorkersReport.Answered(given, target, null));
        }

        @Override
        public void failed(ActiveCall call, PoolException error) {
            if (asked != null && !(error instanceof CallCancelled)) {
                asked.replies().failed(context.worker(target.slot()), call.id(), call.sent(), error);
            }
            door.report(new WorkersReport.Answered(given, target, error));
        }
    }

    void answered(WorkersReport.Answered answer) {
        Target target = answer.worker();
        busy.remove(target);
        PoolException error = answer.error();
        boolean ofOrder =
                setting != null && setting.revision() == answer.setting().revision();
        if (error == null) {
            book.applied(target.slot(), target.incarnation(), answer.setting().revision());
            if (book.next(target.slot(), target.incarnation()) == null) {
                lacking.remove(target);
            }
        }
        if (ofOrder && !inForce) {
            tried(target, error);
            return;
        }
        if (error instanceof CallCancelled) {
            return; // It was not even sent: its worker is about to end, or is given it again when it is offered.
        }
        if (ofOrder) {
            awaited.remove(target);
        }
        if (error != null) {
            end(target, answer.setting(), error);
        }
        finishIfDone();
    }

    /** Ends a worker that did not take a setting; its replacement gets it again. */
    private void end(Target target, Setting refused, PoolException error) {
        LiveWorkers.Live worker = live.get(target);
        if (worker == null || error instanceof WorkerCrashed || error instanceof PoolClosed) {
            return;
        }
        live.unfit(worker);
        core.unavailable(target.slot(), target.incarnation());
        String why = "did not take " + refused + ": " + error.getMessage();
        log.warn("{} {}; it is ended", context.worker(target.slot()), why);
        worker.slot().tell(new WorkerSlot.Unfit(target.incarnation(), why));
    }

    /** The first worker has answered, or not. */
    private void tried(Target target, @Nullable PoolException error) {
        if (!target.equals(first)) {
            return;
        }
        if (error == null) {
            putInForce();
        } else if (error instanceof CallCancelled) {
            first = null; // It did not even begin: it may have been about to end. Another one is to try.
            begin();
        } else {
            SettingOrder failed = order;
            Setting refused = setting;
            if (failed != null) {
                failed.fail(error);
            }
            boolean unchanged = error instanceof PythonException || error instanceof CallRejected;
            if (refused != null && !unchanged) {
                end(target, refused, error);
            }
            over();
        }
    }

    private void putInForce() {
        Setting made = setting;
        if (made == null) {
            return;
        }
        inForce = true;
        book.keep(made);
        log.info("pool '{}' has {}", context.config().name(), made);
        for (LiveWorkers.Live worker : live.up()) {
            if (!worker.target().equals(first)) {
                awaited.add(worker.target());
                lacking.add(worker.target());
            }
        }
        giveIdle();
        finishIfDone();
    }

    private void finishIfDone() {
        SettingOrder done = order;
        if (inForce && done != null && awaited.isEmpty()) {
            done.end();
            over();
        }
    }

    private void over() {
        if (order != null) {
            door.forget(order);
        }
        order = null;
        setting = null;
        first = null;
        firstCall = null;
        inForce = false;
        awaited.clear();
        goOn();
    }

    void due(SettingOrder late) {
        if (late != order) {
            waiting.remove(late);
            late.fail(timedOut(late, "others before it were being made"));
            return;
        }
        if (!inForce) {
            CallTimedOut error = timedOut(late, "no worker has answered it, and it is not in force");
            late.fail(error);
            stopFirst(error);
            over();
            return;
        }
        for (Target target : awaited) {
            late.replies()
                    .failed(
                            context.worker(target.slot()),
                            0,
                            0,
                            timedOut(late, "the worker was not free; it gets it before its next call"));
        }
        late.end();
        over();
    }

    /** The first worker has not answered in time, and must not keep what the others do not get. */
    private void stopFirst(PoolException error) {
        ActiveCall call = firstCall;
        if (first != null && setting != null && busy.contains(first)) {
            end(first, setting, error);
            if (call != null) {
                call.fail(error);
            }
        }
    }

    private CallTimedOut timedOut(SettingOrder late, String why) {
        return new CallTimedOut(
                Execution.UNKNOWN,
                late.timeout(),
                context.snapshot(),
                List.of(),
                late + " was not made within " + late.timeout() + ": " + why,
                "");
    }

    /** A setting was leased to a worker that did not take it. */
    void refused(ActiveCall call) {
        // Its sink tells what follows from that.
        call.cancel(execution -> new CallCancelled(execution, List.of(), call + " found its worker about to end"));
    }

    void ended(WorkerExit exit) {
        Target target = new Target(exit.worker().slot(), exit.incarnation());
        SettingOrder asked = order;
        lacking.remove(target);
        busy.remove(target);
        if (awaited.remove(target) && asked != null) {
            FailureTable.Failure failure = FailureTable.of(exit.cause(), 0);
            asked.replies()
                    .failed(
                            exit.worker(),
                            0,
                            0,
                            new WorkerCrashed(
                                    failure.category(),
                                    failure.severity(),
                                    Execution.UNKNOWN,
                                    exit,
                                    List.of(),
                                    exit.worker() + " ended before it had taken " + asked + ": " + exit.detail()));
        }
        if (asked != null && !inForce && first == null) {
            begin(); // There may be none left to try it in.
        }
        finishIfDone();
    }

    void refuseAll() {
        for (SettingOrder next : waiting) {
            next.fail(closed(next));
        }
        waiting.clear();
        SettingOrder current = order;
        if (current != null) {
            current.fail(closed(current));
            over();
        }
    }

    private PoolClosed closed(SettingOrder refused) {
        return new PoolClosed(
                Execution.NOT_STARTED,
                List.of(),
                "pool '" + context.config().name() + "' is closing; " + refused + " was not made");
    }

    /** Starts the timers again that a restart of the router has stopped. */
    void resume() {
        long now = context.clock().nanoTime();
        waiting.forEach(next -> door.reportAfter(next, next.deadline() - now, new WorkersReport.Due(next)));
        SettingOrder current = order;
        if (current != null) {
            door.reportAfter(current, current.deadline() - now, new WorkersReport.Due(current));
        }
    }
}
