package dev.vivarium.chaos;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a swarm is run. Immutable; every method returns changed settings.
 *
 * @param seed of the first run; each further one has the next
 * @param runs how many at most; at least 1
 * @param length how long at most
 * @param corpusFile the seeds that have failed, which come first and are added to; null for none
 * @param progress is told now and then how far it is, a line at a time
 */
public record SwarmSettings(
        long seed, long runs, Duration length, @Nullable Path corpusFile, Consumer<String> progress) {

    /** How many runs there are unless it is said otherwise. */
    public static final long DEFAULT_RUNS = 1_000;

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException when runs are fewer than 1, or the length is not positive
     */
    public SwarmSettings {
        if (runs < 1) {
            throw new IllegalArgumentException("runs must be >= 1, got " + runs);
        }
        if (length.isNegative() || length.isZero()) {
            throw new IllegalArgumentException("the length must be positive, got " + length);
        }
    }

    /** Returns settings of so many runs, however long they take, without a corpus, that say nothing. */
    public static SwarmSettings of(long seed, long runs) {
        return new SwarmSettings(seed, runs, Duration.ofDays(365), null, line -> {});
    }

    /** Limits the time. */
    public SwarmSettings withLength(Duration atMost) {
        return new SwarmSettings(seed, runs, atMost, corpusFile, progress);
    }

    /** Keeps the seeds that fail in a file, and begins with those that are there. */
    public SwarmSettings withCorpus(Path file) {
        return new SwarmSettings(seed, runs, length, file, progress);
    }

    /** Sets who is told how far it is. */
    public SwarmSettings withProgress(Consumer<String> listener) {
        return new SwarmSettings(seed, runs, length, corpusFile, listener);
    }

    /** Returns the corpus's file. */
    public Optional<Path> corpus() {
        return Optional.ofNullable(corpusFile);
    }
}
