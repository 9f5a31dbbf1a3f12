package dev.vivarium.protocol.message;

/**
 * TEMPLATE: how the template fares.
 *
 * @param state {@link #READY}, {@link #FAILED} or {@link #LOST}
 * @param pid its process, 0 where there is none any more
 * @param loadMicros how long it took to load, once it is ready
 * @param detail what happened, unless it is ready
 */
public record TemplateNews(String state, long pid, long loadMicros, String detail) {

    /** Workers are forked off it from now on. */
    public static final String READY = "ready";

    /** There is none: it could not be started, or could not load what it was to. */
    public static final String FAILED = "failed";

    /** It was ready, and has ended. */
    public static final String LOST = "lost";
}
