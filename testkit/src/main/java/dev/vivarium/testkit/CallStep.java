package dev.vivarium.testkit;

import java.util.Locale;

/** A part of a call's time, between two moments of its {@link dev.vivarium.CallTimeline}. */
public enum CallStep {
    /** From when it was made until it got its first worker; of a call that never got one, nothing. */
    QUEUE,
    /** From a worker's choice until the JVM began to write to it. Once for each attempt, as the next two. */
    SEND,
    /** From the writing until the handler started: the way to the worker. Only where the worker keeps a note of it. */
    START,
    /** From the handler's start until the JVM had read the answer: the handler, and the way back. */
    RUN,
    /** From the writing until the JVM had read the answer: {@link #START} and {@link #RUN} together, also where the two are not known. */
    EXCHANGE,
    /** From the answer's reading until the call ended for its caller. */
    DELIVER,
    /** From when it was made until it ended, well or not. */
    TOTAL;

    /** Returns its name in a report. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
