package dev.vivarium.testkit;

import java.time.Duration;

/** How long the kit waits for what must happen. Only ever the time after which a test fails, never a time to wait out. */
final class Patience {

    /** Seconds, set with the system property {@code vivarium.testkit.patience}. */
    static final Duration LIMIT = Duration.ofSeconds(Long.getLong("vivarium.testkit.patience", 30));

    private Patience() {}
}
