package dev.vivarium;

/** How a callback ended: a call of a {@link PoolFunction} by a handler. */
public enum CallbackOutcome {
    /** The handler was sent what the function returned. */
    RETURNED,
    /** The function threw, or what it returned could not be sent. */
    FAILED,
    /** It did not run: no function has that name, too many were in flight, or nobody could run it. */
    REFUSED,
    /** The call ended first, for its caller or with its worker; what the function returned was, or will be, dropped. */
    ABANDONED
}
