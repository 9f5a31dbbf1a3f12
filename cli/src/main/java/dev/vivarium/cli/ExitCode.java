package dev.vivarium.cli;

/** The exit statuses, after sysexits.h where it has one. */
final class ExitCode {

    /** Everything went well. */
    static final int OK = 0;
    /** The run went to its end; some calls failed. */
    static final int SOME_FAILED = 2;
    /** The command was used wrongly: an unknown flag or handler, a file that cannot be read or written. */
    static final int USAGE = 64;
    /** There is no usable Python, or no place for the pool's private directory. */
    static final int UNAVAILABLE = 69;
    /** A defect of ours. */
    static final int DEFECT = 70;
    /** Ended by Ctrl-C. */
    static final int INTERRUPTED = 130;
    /** Ended by SIGTERM. */
    static final int TERMINATED = 143;

    private ExitCode() {}
}
