package dev.vivarium.chaos;

/** How a worker lies about its health. */
public enum HealthLie {
    /** It answers no check, and serves calls as ever: each check is lost on its way. */
    SILENT,
    /** It answers another check than it was asked. */
    NONSENSE,
    /** It answers checks, and takes calls that it does not run: each call is lost on its way. */
    WELL
}
