package dev.vivarium.chaos.internal;

import dev.vivarium.protocol.Execution;
import org.jspecify.annotations.Nullable;

/** One call that was due, and what became of it. Times are nanoseconds of the run. Thread-safe. */
public final class Call {

    /** How a call ended. */
    public enum Outcome {
        /** It has not. */
        OPEN,
        /** With the right answer. */
        OK,
        /** With an answer that is not its own. */
        WRONG,
        /** With the answer that a fault has put in place of its own, found by the checksum. */
        FORGED,
        /** With an error. */
        FAILED,
        /** It was not made: too many were in flight. */
        DROPPED
    }

    private final int number;
    private final String operation;
    private final long due;
    private final long begun;
    private long ended;
    private Outcome outcome = Outcome.OPEN;
    private int outcomes;
    private int attempts;
    private @Nullable String error;
    private @Nullable Execution execution;

    /** Creates a call that has not ended. */
    public Call(int number, String operation, long due, long begun) {
        this.number = number;
        this.operation = operation;
        this.due = due;
        this.begun = begun;
    }

    /**
     * It has ended; every end is counted, and the last one is kept.
     *
     * @param sent how often it was sent
     * @param type the error's type, null without one
     * @param ran what the error says of the execution, null without one
     */
    public synchronized void end(Outcome how, long at, int sent, @Nullable String type, @Nullable Execution ran) {
        outcomes++;
        outcome = how;
        ended = at;
        attempts = sent;
        error = type;
        execution = ran;
    }

    /** Returns its number, from 0. */
    public int number() {
        return number;
    }

    /** Returns what kind of call it is. */
    public String operation() {
        return operation;
    }

    /** Returns when it was due. */
    public long due() {
        return due;
    }

    /** Returns when it was made. */
    public long begun() {
        return begun;
    }

    /** Returns when it ended; 0 while it has not. */
    public synchronized long ended() {
        return ended;
    }

    /** Returns how it ended. */
    public synchronized Outcome outcome() {
        return outcome;
    }

    /** Returns how often it ended. */
    public synchronized int outcomes() {
        return outcomes;
    }

    /** Returns how often it was sent. */
    public synchronized int attempts() {
        return attempts;
    }

    /** Returns the error's type; null without one. */
    public synchronized @Nullable String error() {
        return error;
    }

    /** Returns what the error says of the execution; null without one. */
    public synchronized @Nullable Execution execution() {
        return execution;
    }

    /** Returns whether the call was not answered, and nobody knows whether it ran. */
    public synchronized boolean indefinite() {
        return outcome == Outcome.FAILED && execution == Execution.UNKNOWN;
    }

    /** Returns how long it took from when it was due, in nanoseconds. */
    public synchronized long latency() {
        return ended - due;
    }

    @Override
    public synchronized String toString() {
        if (outcomes == 0) {
            return operation + " #" + number + " " + outcome;
        }
        return operation + " #" + number + " " + outcome + (error == null ? "" : " " + error + " " + execution)
                + " after " + (ended - begun) / 1_000_000 + " ms, sent " + attempts + " times";
    }
}
