package dev.vivarium.testkit;

import java.time.Duration;

/** How long the kit waits for what must happen. Only ever the time after which a test fails, never a time to wait out. */
public final class Patience {

    /** Set in seconds with the system property {@code vivarium.testkit.patience}. */
    public static final Duration LIMIT = Duration.ofSeconds(Long.getLong("vivarium.testkit.patience", 30));

    private Patience() {}
}
