package dev.vivarium.chaos;

import java.nio.file.Path;
import java.util.List;

/**
 * What came of a run.
 *
 * @param scenario what was run
 * @param seed with which seed
 * @param verdict the verdict on everything
 * @param findings what each checker said, the runner's own trouble first
 * @param folder where the history, the journal and the timeline are
 * @param text all of it for people
 */
public record ChaosResult(
        Scenario scenario, long seed, Verdict verdict, List<Finding> findings, Path folder, String text) {

    /** Copies the list. */
    public ChaosResult {
        findings = List.copyOf(findings);
    }

    /** Returns the findings that are not VALID. */
    public List<Finding> troubles() {
        return findings.stream()
                .filter(finding -> finding.verdict() != Verdict.VALID)
                .toList();
    }
}
