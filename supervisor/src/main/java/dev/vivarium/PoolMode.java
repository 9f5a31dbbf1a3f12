package dev.vivarium;

/** What a pool is: many workers, one, or none. */
public enum PoolMode {
    /** As many workers as {@code workers} and {@code overflow} say. */
    POOL,
    /**
     * One worker: there are never two processes at once, so calls never run side by side, and what handlers keep in memory is
     * there for all of them until the process ends. {@code workers} other than 1, {@code overflow} and limits of recycling are
     * rejected, because a replacement would be ready before the old worker goes; so are {@link PythonPool#resize} and {@link
     * PythonPool#rollingRestart}.
     */
    SINGLE,
    /** No process is started, and every call is refused with {@link PoolDisabled}. Needs no Python. */
    DISABLED,
    /**
     * {@link #POOL} if workers can be started here, else {@link #DISABLED}. The pool tries: when the first worker is ready, it
     * is a pool and remains one. When the first start shows that there is no usable interpreter, that the handlers do not
     * load, that there is no place for the pool's directory or that the platform is none, it is disabled and remains so.
     * Until then calls queue. A worker that merely ends or is not ready in time decides nothing. What was decided, and why, is
     * in the log, in {@link PoolEvent.ModeChosen} and in {@link PythonPool#mode()}.
     */
    AUTO
}
