package dev.vivarium.testkit;

import dev.vivarium.testkit.internal.AnalysisText;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Where the time of the watched calls of a phase went, and what limits.
 *
 * @param phase the phase's name
 * @param calls how many watched calls have ended
 * @param parts the parts of their time, in the order in which they come; the means add up to {@code mean}
 * @param mean how long a call took on average
 * @param utilisation the share of the workers' time in which they were busy, 0 to 1
 * @param available the share of the time for which the wanted workers were up, 0 to 1
 * @param findings what limits, the weightiest first and {@link Limit#HANDLERS}, which is no fault of the pool's, last; empty where
 *     nothing stands out
 */
public record PerformanceAnalysis(
        String phase,
        long calls,
        List<Part> parts,
        Duration mean,
        double utilisation,
        double available,
        List<Finding> findings) {

    /** Copies the lists. */
    public PerformanceAnalysis {
        parts = List.copyOf(parts);
        findings = List.copyOf(findings);
    }

    /** A stretch of a call's way. */
    public enum Where {
        /** Until it had its first worker. */
        QUEUE,
        /** From a worker's choice to the handler's start: the way there. */
        HAND_OVER,
        /** From the handler's start until the answer was read; where the start is not known, from the writing of the call. */
        PYTHON,
        /** From the answer's reading until the caller had it: decoding, and the wait for a thread to be told on. */
        REPLY,
        /** All the rest: attempts without an answer, the waits for the next, and calls that never had a worker. */
        LOST
    }

    /**
     * The time that calls spent in one stretch.
     *
     * @param mean on average over all calls, those that never came there included
     * @param share of all the time of all calls, 0 to 1
     * @param p50 of those that came there, and of the longer of two steps; zero where it is not known
     * @param p99 as {@code p50}
     */
    public record Part(Where where, Duration mean, double share, Duration p50, Duration p99) {}

    /** What can limit a pool. */
    public enum Limit {
        /** The workers were busy almost all the time, and calls waited for one. */
        QUEUEING,
        /** Calls came together and waited for each other, while the workers had time on average. */
        BURSTS,
        /** One worker had much to do and others had time: calls were bound to it, as those of a session are. */
        UNEVEN_LOAD,
        /** One worker took much longer for its calls than the others did. */
        SLOW_WORKER,
        /** Workers were away, ended or starting, for much of the time. */
        RESTARTS,
        /** Attempts came to nothing, and calls were sent again or failed without an answer. */
        LOST_ATTEMPTS,
        /** The way to the worker took much of the time. */
        HAND_OVER,
        /** Handlers took most of the time. */
        HANDLERS,
        /** Answers waited for their callers. */
        REPLIES
    }

    /**
     * Something that limits.
     *
     * @param share how much of the calls' time, or of the workers', it has cost, 0 to 1
     * @param detail what was seen, with numbers, and what helps
     */
    public record Finding(Limit limit, double share, String detail) {
        /** Reads as a sentence. */
        @Override
        public String toString() {
            return limit + ": " + detail;
        }
    }

    /** Returns the part of a stretch. */
    public Part part(Where where) {
        return parts.get(where.ordinal());
    }

    /** Returns what is found of a limit; empty when it is none. */
    public Optional<Finding> finding(Limit limit) {
        return findings.stream().filter(found -> found.limit() == limit).findFirst();
    }

    /** Returns it for a human: times in ms. */
    public String text() {
        return AnalysisText.of(this);
    }
}
