package dev.vivarium.chaos;

import dev.vivarium.chaos.internal.twin.Corpus;
import dev.vivarium.chaos.internal.twin.Shrinker;
import dev.vivarium.chaos.internal.twin.SwarmScenario;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Runs drawn scenarios in the {@link Twin}, one after the other, until one fails: each has a random subset of all faults with random
 * weights, and exaggerated constants of the pool. What must always hold must hold in all of them.
 *
 * <pre>{@code
 * SwarmReport report = Swarm.run(SwarmSettings.of(1, 1000));
 * assertThat(report.failure()).isEmpty();
 * }</pre>
 */
public final class Swarm {

    private static final Duration PROGRESS = Duration.ofSeconds(5);

    private final SwarmSettings settings;
    private final Coverage.Count coverage = new Coverage.Count();
    private final List<Long> outdated = new ArrayList<>();
    private final long begun = System.nanoTime();
    private long told = begun;
    private int replayed;
    private long runs;
    private long events;
    private long virtual;

    private Swarm(SwarmSettings settings) {
        this.settings = settings;
    }

    /** Returns the scenario that a seed of a swarm's is. */
    public static Scenario scenario(long seed) {
        return SwarmScenario.of(seed);
    }

    /**
     * Runs a swarm until a seed fails, or it has been enough.
     *
     * @throws IllegalArgumentException when the corpus cannot be understood, naming the line
     * @throws IOException when it cannot be read or written
     * @throws InterruptedException when interrupted
     */
    public static SwarmReport run(SwarmSettings settings) throws IOException, InterruptedException {
        return new Swarm(settings).run();
    }

    private SwarmReport run() throws IOException, InterruptedException {
        Corpus corpus = settings.corpus().map(Corpus::new).orElse(null);
        TwinResult failed = corpus == null ? null : replay(corpus);
        for (long i = 0; failed == null && i < settings.runs() && !isOver(); i++) {
            failed = one(settings.seed() + i);
        }
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        SwarmReport.Failure failure = failed == null ? null : failure(failed, corpus);
        return new SwarmReport(
                replayed, outdated, runs, events, Duration.ofNanos(virtual), took, coverage.coverage(), failure);
    }

    private boolean isOver() {
        return System.nanoTime() - begun >= settings.length().toNanos();
    }

    private @Nullable TwinResult replay(Corpus corpus) throws IOException, InterruptedException {
        for (Corpus.Entry entry : corpus.entries()) {
            if (!entry.isCurrent()) {
                outdated.add(entry.seed());
                continue;
            }
            replayed++;
            TwinResult failed = one(entry.seed());
            if (failed != null) {
                return failed;
            }
        }
        return null;
    }

    /** Runs a seed; returns what came of it if it has failed. */
    private @Nullable TwinResult one(long seed) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        TwinResult result = Twin.run(SwarmScenario.of(seed), seed);
        runs++;
        events += result.events();
        virtual += result.length().toNanos();
        coverage.add(result.coverage());
        tell(seed);
        return result.verdict() == Verdict.INVALID ? result : null;
    }

    private void tell(long seed) {
        long now = System.nanoTime();
        if (now - told >= PROGRESS.toNanos()) {
            told = now;
            double seconds = (now - begun) / 1e9;
            settings.progress()
                    .accept(String.format(
                            Locale.ROOT,
                            "+%05.1f %d runs up to seed %s, %.0f a minute, %.0f s of virtual time, none has failed",
                            seconds,
                            runs,
                            RunSettings.hex(seed),
                            60 * runs / seconds,
                            virtual / 1e9));
        }
    }

    private SwarmReport.Failure failure(TwinResult failed, @Nullable Corpus corpus) throws IOException {
        if (corpus != null) {
            corpus.add(new Corpus.Entry(failed.seed(), SwarmScenario.GENERATION, failed.failed()));
        }
        settings.progress()
                .accept("seed " + RunSettings.hex(failed.seed()) + " has failed: "
                        + String.join(", ", failed.failed()));
        List<Finding> findings = failed.findings().stream()
                .filter(finding -> finding.verdict() == Verdict.INVALID)
                .toList();
        Shrinker.Shrunk shrunk =
                new Shrinker(failed.scenario(), failed.seed(), failed.failed(), settings.progress()).shrink();
        return new SwarmReport.Failure(
                failed.seed(), findings, shrunk.scenario(), shrunk.seed(), shrunk.failed(), shrunk.runs());
    }
}
