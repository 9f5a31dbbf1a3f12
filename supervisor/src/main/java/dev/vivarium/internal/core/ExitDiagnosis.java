package dev.vivarium.internal.core;

import dev.vivarium.TransitionCause;
import java.util.Map;
import java.util.Set;

/**
 * What a raw wait status says (POSIX {@code waitpid}: low seven bits the signal, else the next eight the exit status).
 *
 * @param cause what the status shows; the pool may know a truer cause
 * @param status the exit status, or -1 when a signal ended the process
 * @param signal the signal's number, or 0
 * @param text one clause for messages
 */
public record ExitDiagnosis(TransitionCause cause, int status, int signal, String text) {

    private static final int SIGKILL = 9;
    private static final int LOAD_FAILED = 72;
    private static final int PROTOCOL = 76;

    /** What the kernel, or {@code abort}, raises because of what a process does. Only these speak against it. */
    private static final Set<Integer> FAULTS = Set.of(4, 5, 6, 7, 8, 11, 24, 25, 31);

    /** What nothing but another process sends; of the rest nobody can tell. */
    private static final Set<Integer> FROM_OUTSIDE = Set.of(1, 2, 3, SIGKILL, 15);

    private static final Map<Integer, String> NAMES = Map.ofEntries(
            Map.entry(1, "SIGHUP"),
            Map.entry(2, "SIGINT"),
            Map.entry(3, "SIGQUIT"),
            Map.entry(4, "SIGILL"),
            Map.entry(5, "SIGTRAP"),
            Map.entry(6, "SIGABRT"),
            Map.entry(7, "SIGBUS"),
            Map.entry(8, "SIGFPE"),
            Map.entry(9, "SIGKILL"),
            Map.entry(10, "SIGUSR1"),
            Map.entry(11, "SIGSEGV"),
            Map.entry(12, "SIGUSR2"),
            Map.entry(13, "SIGPIPE"),
            Map.entry(14, "SIGALRM"),
            Map.entry(15, "SIGTERM"),
            Map.entry(24, "SIGXCPU"),
            Map.entry(25, "SIGXFSZ"),
            Map.entry(31, "SIGSYS"));

    /**
     * Returns what it shows, by what else is known of the process: user code may exit with the statuses that the runtime has a
     * meaning for, and then they are like others.
     *
     * @param loading whether it had not loaded its handlers
     * @param couldNotRead whether it said that it could not read what it was sent
     */
    public ExitDiagnosis of(boolean loading, boolean couldNotRead) {
        boolean users = (cause == TransitionCause.LOAD_FAILED && !loading)
                || (cause == TransitionCause.PROTOCOL_VIOLATION && !couldNotRead);
        return users ? new ExitDiagnosis(TransitionCause.EXITED, status, 0, "exited with status " + status) : this;
    }

    /**
     * Decodes a status.
     *
     * @param wait the raw wait status
     * @param oomKills out-of-memory kills that the kernel counted in the process's lifetime, -1 when unknown
     * @param maxRssKiB the largest resident memory of the process in KiB, 0 when unknown
     */
    public static ExitDiagnosis of(int wait, long oomKills, long maxRssKiB) {
        int signal = wait & 0x7f;
        if (signal == 0) {
            int status = (wait >> 8) & 0xff;
            if (status == LOAD_FAILED) {
                return new ExitDiagnosis(
                        TransitionCause.LOAD_FAILED,
                        status,
                        0,
                        "exited with status 72: a handler source could not be loaded");
            }
            if (status == PROTOCOL) {
                return new ExitDiagnosis(
                        TransitionCause.PROTOCOL_VIOLATION,
                        status,
                        0,
                        "exited with status 76: it could not read what it was sent");
            }
            return new ExitDiagnosis(TransitionCause.EXITED, status, 0, "exited with status " + status);
        }
        String name = NAMES.getOrDefault(signal, "signal " + signal);
        if (signal == SIGKILL && oomKills > 0) {
            return new ExitDiagnosis(
                    TransitionCause.OUT_OF_MEMORY,
                    -1,
                    signal,
                    "was killed by SIGKILL, likely out of memory: the kernel counted " + oomKills
                            + " out-of-memory kill(s) in its lifetime, and it had used up to " + maxRssKiB / 1024
                            + " MiB");
        }
        if (FAULTS.contains(signal)) {
            return new ExitDiagnosis(TransitionCause.CRASHED, -1, signal, "crashed with " + name);
        }
        String how = FROM_OUTSIDE.contains(signal) ? "was killed from outside by " : "was ended by ";
        return new ExitDiagnosis(TransitionCause.KILLED, -1, signal, how + name);
    }
}
