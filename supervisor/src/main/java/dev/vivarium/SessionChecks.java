package dev.vivarium;

import java.time.Duration;

/** What must hold for the options of sessions. */
final class SessionChecks {

    private SessionChecks() {}

    static void check(ConfigProblems problems, SessionPolicy given, boolean hasStore) {
        problems.between("sessions.ttl", given.ttl(), Duration.ofMillis(10), Duration.ofDays(30));
        problems.between("sessions.stateTtl", given.stateTtl(), Duration.ofMillis(10), Duration.ofDays(365));
        problems.require(
                given.stateTtl().compareTo(given.ttl()) >= 0,
                "sessions.stateTtl must be >= sessions.ttl=" + given.ttl() + ", got " + given.stateTtl());
        problems.between("sessions.maxBindings", given.maxBindings(), 1, 10_000_000);
        problems.between("sessions.keptAnswers", given.keptAnswers(), 0, 1000);
        problems.require(
                given.maxStateBytes() >= 64 && given.maxStateBytes() <= 1L << 28,
                "sessions.maxStateBytes must be 64 to " + (1L << 28) + ", got " + given.maxStateBytes());
        problems.require(
                given.store() != SessionPolicy.Store.FILE || given.file() != null,
                "sessions.file must be set where sessions.store is FILE");
        problems.require(
                given.store() != SessionPolicy.Store.FILE || !hasStore,
                "sessions.store must be MEMORY where sessionStore is set, got " + given.store());
        problems.require(
                given.maxTotalBytes() >= 64 && given.maxTotalBytes() <= 1L << 40,
                "sessions.maxTotalBytes must be 64 to " + (1L << 40) + ", got " + given.maxTotalBytes());
        problems.between("sessions.storeTimeout", given.storeTimeout(), Duration.ofMillis(1), Duration.ofHours(1));
        problems.between("sessions.closeTimeout", given.closeTimeout(), Duration.ofMillis(1), Duration.ofHours(1));
    }
}
