package dev.vivarium.chaos.internal;

import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.Finding;
import dev.vivarium.chaos.Schedule;
import dev.vivarium.chaos.Step;
import dev.vivarium.chaos.Verdict;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Judges whether a run has tried what it was to try. Half of each kind of fault must land; of what the method asks for itself, half
 * of each finer kind, such as each signal and each effect on frames. What a mix draws is drawn to befall each other: a fault of it may
 * find its target dead.
 */
final class Landed {

    private final Facts facts;
    private final Set<String> asked = new HashSet<>();

    private Landed(Facts facts) {
        this.facts = facts;
    }

    static Finding judge(Facts facts) {
        Landed landed = new Landed(facts);
        facts.scenario().method().forEach(landed::ask);
        return landed.finding();
    }

    private void ask(Step step) {
        if (step instanceof Step.Inject inject) {
            asked.add(ScenarioWriter.finerKind(inject.fault()));
        } else if (step instanceof Step.Sequence sequence) {
            sequence.steps().forEach(this::ask);
        } else if (step instanceof Step.Parallel parallel) {
            parallel.steps().forEach(this::ask);
        } else if (step instanceof Step.Staged staged) {
            ask(staged.step());
        } else if (step instanceof Step.When when) {
            ask(when.step());
        }
    }

    /** Whether it was left out, as what it waits for had not happened. */
    private boolean isLeftOut(Schedule.Planned planned) {
        return !planned.when().isEmpty()
                && facts.struck().stream().noneMatch(target -> target.planned().equals(planned));
    }

    private String kind(ChaosFault fault) {
        String finer = ScenarioWriter.finerKind(fault);
        return asked.contains(finer) ? finer : ScenarioWriter.kind(fault);
    }

    private Finding finding() {
        Map<String, int[]> kinds = new TreeMap<>();
        facts.schedule().faults().stream()
                .filter(planned -> !isLeftOut(planned))
                .forEach(planned -> kinds.computeIfAbsent(kind(planned.fault()), kind -> new int[2])[0] +=
                        planned.fault() instanceof ChaosFault.OfPool
                                ? 1
                                : planned.offsets().size());
        facts.struck().stream()
                .filter(target -> target.landings() > 0)
                .forEach(target -> kinds.computeIfAbsent(kind(target.planned().fault()), kind -> new int[2])[1]++);
        List<String> text = new ArrayList<>();
        boolean enough = true;
        for (Map.Entry<String, int[]> kind : kinds.entrySet()) {
            int[] counts = kind.getValue();
            enough &= counts[1] > 0 && 2 * counts[1] >= counts[0];
            text.add(counts[1] + " of " + counts[0] + " " + kind.getKey());
        }
        return new Finding(
                "landed",
                enough ? Verdict.VALID : Verdict.UNKNOWN,
                text.isEmpty()
                        ? "nothing was to"
                        : String.join(", ", text) + (enough ? "" : ": faults have not landed" + refusals()),
                "half of each kind");
    }

    private String refusals() {
        return facts.struck().stream()
                .map(Struck::refusal)
                .filter(refusal -> !refusal.isEmpty())
                .distinct()
                .map(refusal -> "; " + refusal)
                .collect(Collectors.joining());
    }
}
