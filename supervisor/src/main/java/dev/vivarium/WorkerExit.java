package dev.vivarium;

import java.util.List;

/**
 * How a worker process ended.
 *
 * @param worker the slot
 * @param incarnation the process within the slot
 * @param pid its process id, 0 when it never got one
 * @param cause the first true cause
 * @param status the exit status, or -1 when a signal ended it or the status is unknown
 * @param signal the number of the signal that ended it, or 0
 * @param maxRssKiB the largest resident memory it reached, in KiB; 0 when unknown
 * @param oomKills how many out-of-memory kills the kernel counted in the process's lifetime; -1 when unknown
 * @param detail one sentence that says what happened, with the evidence
 * @param lastLines the last lines it wrote to standard error, oldest first
 * @param stacks what its Python threads did when it did not end a call, newest frame first; empty when that was not read
 */
public record WorkerExit(
        WorkerId worker,
        int incarnation,
        long pid,
        TransitionCause cause,
        int status,
        int signal,
        long maxRssKiB,
        long oomKills,
        String detail,
        List<String> lastLines,
        String stacks) {

    /** Copies the lines. */
    public WorkerExit {
        lastLines = List.copyOf(lastLines);
    }
}
