package dev.vivarium.chaos;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What came of a swarm.
 *
 * @param replayed how many seeds of the corpus were run first
 * @param outdated seeds of the corpus that are other scenarios by now, and were left out
 * @param runs how many runs there were in all
 * @param events how many things have happened in them
 * @param virtual how much virtual time has passed in them
 * @param took how long they took
 * @param coverage in which states of workers faults have landed
 * @param found the first seed that has failed; null when none has
 */
public record SwarmReport(
        int replayed,
        List<Long> outdated,
        long runs,
        long events,
        Duration virtual,
        Duration took,
        Coverage coverage,
        @Nullable Failure found) {

    /**
     * A seed that has failed.
     *
     * @param seed the seed, of the swarm
     * @param findings what the checkers said that were not content
     * @param scenario the scenario that was made of it, as small as it could be
     * @param scenarioSeed the seed with which that fails
     * @param failed the checkers that say INVALID of that
     * @param shrinkRuns how many runs it took to make it small
     */
    public record Failure(
            long seed,
            List<Finding> findings,
            Scenario scenario,
            long scenarioSeed,
            List<String> failed,
            int shrinkRuns) {

        /** Copies the lists. */
        public Failure {
            findings = List.copyOf(findings);
            failed = List.copyOf(failed);
        }
    }

    /** Copies the list. */
    public SwarmReport {
        outdated = List.copyOf(outdated);
    }

    /** Returns the first seed that has failed. */
    public Optional<Failure> failure() {
        return Optional.ofNullable(found);
    }

    /** Returns how many runs there were a minute, shrinking left out. */
    public double runsPerMinute() {
        return took.isZero() ? 0 : runs * 60e9 / took.toNanos();
    }

    /** Returns all of it for people. */
    public String text() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "%d runs, %d of them from the corpus, in %.1f s: %.0f a minute, %d events, %.0f s of virtual time%n",
                runs,
                replayed,
                took.toNanos() / 1e9,
                runsPerMinute(),
                events,
                virtual.toNanos() / 1e9));
        if (!outdated.isEmpty()) {
            text.append(outdated.size()).append(" seeds of the corpus are other scenarios by now, and were left out\n");
        }
        text.append(coverage.text());
        List<String> never = coverage.neverHit();
        text.append("never hit: ")
                .append(never.isEmpty() ? "nothing" : String.join(", ", never))
                .append('\n');
        failure().ifPresent(failure -> append(text, failure));
        return text.append("VERDICT  ")
                .append(found == null ? Verdict.VALID : Verdict.INVALID)
                .append('\n')
                .toString();
    }

    private static void append(StringBuilder text, Failure failure) {
        text.append("seed ").append(RunSettings.hex(failure.seed())).append(" has failed:\n");
        for (Finding finding : failure.findings()) {
            text.append(finding.verdict())
                    .append("  ")
                    .append(finding.checker())
                    .append("  ")
                    .append(finding.found());
            text.append("; wanted: ").append(finding.wanted()).append('\n');
        }
        text.append("made smaller by ").append(failure.shrinkRuns()).append(" runs, it fails as ");
        text.append(String.join(", ", failure.failed())).append(" with seed ");
        text.append(RunSettings.hex(failure.scenarioSeed()))
                .append(", and is:\n")
                .append(failure.scenario().toYaml());
    }

    /** Returns it for programs, as JSON. */
    public String json() {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode();
        root.put("verdict", (found == null ? Verdict.VALID : Verdict.INVALID).name());
        root.put("runs", runs);
        root.put("replayed", replayed);
        root.put("outdated", outdated.size());
        root.put("seconds", took.toNanos() / 1e9);
        root.put("runsPerMinute", runsPerMinute());
        root.put("events", events);
        root.put("virtualSeconds", virtual.toNanos() / 1e9);
        ObjectNode cells = root.putObject("coverage");
        coverage.landings().forEach((kind, states) -> {
            ObjectNode row = cells.putObject(kind);
            Coverage.STATES.forEach(
                    state -> row.put(state.name().toLowerCase(Locale.ROOT), states.getOrDefault(state, 0L)));
        });
        var never = root.putArray("neverHit");
        coverage.neverHit().forEach(never::add);
        failure().ifPresent(failure -> {
            ObjectNode node = root.putObject("failure");
            node.put("seed", RunSettings.hex(failure.seed()));
            var wrong = node.putArray("findings");
            failure.findings()
                    .forEach(finding -> wrong.addObject()
                            .put("checker", finding.checker())
                            .put("found", finding.found())
                            .put("wanted", finding.wanted()));
            node.put("scenario", failure.scenario().toYaml());
            node.put("scenarioSeed", RunSettings.hex(failure.scenarioSeed()));
            node.put("shrinkRuns", failure.shrinkRuns());
            node.put("faults", failure.scenario().method().size());
        });
        return root.toPrettyString();
    }
}
