package dev.vivarium;

/** What becomes of a session's call when the worker that has the session is busy. */
public enum SessionMode {
    /** It goes to another worker that is idle, and the state with it. */
    HINT,
    /** It waits for that worker, unless the worker ends. */
    STRICT_QUEUE,
    /** It fails at once with {@link SessionBusy}. */
    STRICT_FAIL_FAST
}
