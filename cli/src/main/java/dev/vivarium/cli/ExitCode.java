package dev.vivarium.cli;

/** The exit statuses, after sysexits.h where it has one. */
final class ExitCode {

    /** Everything went well. */
    static final int OK = 0;
    /** The run went to its end; some calls failed. */
    static final int SOME_FAILED = 2;
    /** What a scenario says must hold has not held. */
    static final int INVALID = 1;
    /** Whether it held is not known: the measurement itself is bad. */
    static final int UNKNOWN = 2;
    /** The command was used wrongly: an unknown flag, a file that cannot be read or written, handlers that do not load. */
    static final int USAGE = 64;
    /** There is no usable Python, or no place for the pool's private directory. */
    static final int UNAVAILABLE = 69;
    /** A defect of ours. */
    static final int DEFECT = 70;
    /** Reading or writing failed on the way: a full disk, for one. */
    static final int IO_ERROR = 74;
    /** Ended by Ctrl-C. */
    static final int INTERRUPTED = 130;
    /** The reader of the output has left, as {@code head} does; what a shell reports for a program that SIGPIPE ended. */
    static final int BROKEN_PIPE = 141;
    /** Ended by SIGTERM. */
    static final int TERMINATED = 143;

    private ExitCode() {}
}
