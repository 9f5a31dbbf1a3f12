package dev.vivarium.chaos;

import dev.vivarium.bench.load.LoadPlanText;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What came of a run in the twin.
 *
 * @param scenario what was run
 * @param schedule the faults that were simulated, and the seed
 * @param verdict the verdict on everything
 * @param findings what each checker said
 * @param trace the hash of everything that happened, at which moment: equal for equal scenarios and seeds
 * @param length how much virtual time has passed
 * @param events how many things happened
 * @param notSimulated what of the scenario has no meaning in the twin, and was left out
 * @param coverage in which states of workers faults have landed
 * @param history what happened, a line each, as in a real run's history; empty unless it was asked for
 */
public record TwinResult(
        Scenario scenario,
        Schedule schedule,
        Verdict verdict,
        List<Finding> findings,
        String trace,
        Duration length,
        long events,
        List<String> notSimulated,
        Coverage coverage,
        List<Map<String, Object>> history) {

    /** Copies the lists. */
    public TwinResult {
        findings = List.copyOf(findings);
        notSimulated = List.copyOf(notSimulated);
        history = List.copyOf(history);
    }

    /** Returns the seed. */
    public long seed() {
        return schedule.seed();
    }

    /** Returns the names of the checkers that say INVALID. */
    public List<String> failed() {
        return findings.stream()
                .filter(finding -> finding.verdict() == Verdict.INVALID)
                .map(Finding::checker)
                .toList();
    }

    /** Returns all of it for people: what is not content first. */
    public String text() {
        StringBuilder text = new StringBuilder();
        text.append("SEED=")
                .append(RunSettings.hex(seed()))
                .append("  scenario=")
                .append(scenario.name());
        text.append("  faults=")
                .append(schedule.faults().size())
                .append("  trace=")
                .append(trace)
                .append('\n');
        for (Finding finding : findings) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-9s %-32s %s%n",
                    finding.verdict(),
                    finding.checker(),
                    finding.found() + (finding.verdict() == Verdict.VALID ? "" : "; wanted: " + finding.wanted())));
        }
        text.append("VERDICT  ").append(verdict).append("  ").append(events).append(" events in ");
        text.append(LoadPlanText.text(length)).append(" of virtual time\n");
        return text.toString();
    }
}
