package dev.vivarium.testkit.internal;

import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.message.Bodies;
import dev.vivarium.protocol.message.SignalRequest;
import dev.vivarium.protocol.message.Spawn;
import dev.vivarium.testkit.FaultLease;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What the proxy knows of the workers of one guardian: how to signal them, and which have ended. Thread-safe. */
final class ProxyWorkers {

    /** Numbers of the kit's own requests to the guardian; the pool counts from 1. */
    private static final long FIRST_REQUEST = 1L << 40;

    private static final long LIMIT_S = 10;

    /** A child of a worker may keep its outputs open. */
    private static final long OUTPUT_LIMIT_S = 2;

    private record Key(int slot, int incarnation) {}

    private final boolean dataPasses;
    private final Map<Key, StatusPageReader> pages = new HashMap<>();
    private final Set<Key> ended = new HashSet<>();
    private final Map<Key, Integer> outputs = new HashMap<>();
    private final Set<Long> cancelled = new HashSet<>();
    private @Nullable ProxyConnection guardian;
    private long requests = FIRST_REQUEST;

    /**
     * Creates what knows of none yet.
     *
     * @param dataPasses whether their data channels pass the proxy
     */
    ProxyWorkers(boolean dataPasses) {
        this.dataPasses = dataPasses;
    }

    /** Returns a SPAWN as it is passed on: without pipes, which would lead past the proxy, where nothing may. */
    Frame spawn(Frame frame, Spawn spawn) {
        if (!dataPasses || spawn.pipes() == null) {
            return frame;
        }
        Spawn withoutPipes = new Spawn(
                spawn.slot(),
                spawn.environment(),
                spawn.directory(),
                spawn.statusPage(),
                spawn.interpreterArguments(),
                null);
        return Frame.of(FrameType.SPAWN, frame.callId(), frame.incarnation(), Bodies.write(withoutPipes));
    }

    synchronized void guardian(ProxyConnection connection) {
        guardian = connection;
    }

    synchronized void spawning(int slot, int incarnation, StatusPageReader page) {
        pages.put(new Key(slot, incarnation), page);
    }

    synchronized void outputOpened(int slot, int incarnation) {
        outputs.merge(new Key(slot, incarnation), 1, Integer::sum);
    }

    synchronized void outputEnded(int slot, int incarnation) {
        outputs.merge(new Key(slot, incarnation), -1, Integer::sum);
        notifyAll();
    }

    /** Waits until everything that a dead worker wrote has been passed on, as it has without a proxy between. */
    synchronized void awaitOutput(int slot, int incarnation) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(OUTPUT_LIMIT_S);
        for (long left = end - System.nanoTime();
                left > 0 && outputs.getOrDefault(new Key(slot, incarnation), 0) > 0;
                left = end - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    synchronized void exited(int slot, int incarnation) {
        ended.add(new Key(slot, incarnation));
        notifyAll();
    }

    synchronized boolean hasStarted(int slot, int incarnation, long callId) {
        StatusPageReader page = pages.get(new Key(slot, incarnation));
        return page != null && page.hasStarted(slot, incarnation, callId);
    }

    synchronized boolean hasEnded(int slot, int incarnation) {
        return ended.contains(new Key(slot, incarnation));
    }

    /** A worker has been told that a call is cancelled. */
    synchronized void cancelled(long callId) {
        cancelled.add(callId);
        notifyAll();
    }

    /** Waits until a call has been cancelled, its worker has ended, or a fault that has landed in it is healed. */
    synchronized void awaitCancelled(int slot, int incarnation, long callId, FaultLease lease)
            throws InterruptedException {
        lease.onHeal(this::wake);
        while (!cancelled.contains(callId) && !hasEnded(slot, incarnation) && lease.holds(slot)) {
            wait();
        }
    }

    private synchronized void wake() {
        notifyAll();
    }

    /** Has the guardian signal a worker; when the signal ends it, returns once it has ended. */
    void signal(int slot, int incarnation, int number, boolean fatal) throws InterruptedException {
        ProxyConnection connection;
        long request;
        synchronized (this) {
            connection = guardian;
            request = requests++;
        }
        if (connection == null) {
            throw new IllegalStateException("no guardian is connected");
        }
        connection.inject(Frame.of(
                FrameType.SIGNAL, request, incarnation, Bodies.write(new SignalRequest(slot, number, "process"))));
        if (fatal) {
            awaitEnd(slot, incarnation);
        }
    }

    private synchronized void awaitEnd(int slot, int incarnation) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
        while (!ended.contains(new Key(slot, incarnation))) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                throw new IllegalStateException("the worker in slot " + slot + " did not end by the signal it got");
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }
}
