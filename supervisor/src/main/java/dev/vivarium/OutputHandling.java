package dev.vivarium;

/** What becomes of the lines that workers write to standard output and standard error. */
public enum OutputHandling {
    /** They become log lines: standard output at INFO, standard error at WARN, with the worker in the MDC. */
    LOG,
    /** They are read and dropped; the last lines of standard error are still kept for error messages. */
    DISCARD
}
