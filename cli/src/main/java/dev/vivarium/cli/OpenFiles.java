package dev.vivarium.cli;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** The limit of open files ({@code ulimit -n}), which workers need: without them connections fail one by one, late. */
final class OpenFiles {

    /** Sockets and pipes of the JVM's for each worker. */
    private static final int FOR_A_WORKER = 4;

    /** What the pool opens for itself, what is loaded late, and the files of the run. */
    private static final int FOR_THE_REST = 16;

    private OpenFiles() {}

    /** Refuses more workers than the limit carries. */
    static void check(int workers) throws UserError {
        // The JVM has raised its limit to the hard one by now; workers and their guardian need fewer than it does.
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
            String problem = problem(workers, system.getOpenFileDescriptorCount(), system.getMaxFileDescriptorCount());
            if (!problem.isEmpty()) {
                throw new UserError(ExitCode.USAGE, problem);
            }
        }
    }

    /** Returns what is wrong, or nothing. */
    static String problem(int workers, long open, long limit) {
        long needed = open + FOR_THE_REST + (long) FOR_A_WORKER * workers;
        if (open < 0 || limit < 0 || needed <= limit) {
            return "";
        }
        long possible = Math.max(0, (limit - open - FOR_THE_REST) / FOR_A_WORKER);
        return "--workers: " + workers + (workers == 1 ? " worker needs" : " workers need") + " a limit of about "
                + needed + " open files, and it is " + limit + ": "
                + (possible > 0 ? "ask for at most " + possible + " workers, or " : "") + "raise it, with 'ulimit -n "
                + needed + "' in a new shell, or where that is refused with the LimitNOFILE of a service, "
                + "--ulimit nofile of a container, or /etc/security/limits.conf";
    }
}
