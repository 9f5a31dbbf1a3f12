package dev.vivarium.bench;

import dev.vivarium.bench.load.LoadPlan;
import dev.vivarium.bench.load.LoadReport;
import java.util.List;

/**
 * What a load on a pool found. Immutable.
 *
 * @param benchmark the word {@code load}
 * @param workers the pool's workers
 * @param inFlight how many calls could be without an answer
 * @param warmUp how many calls of each operation were made before, one after the other
 * @param environment where
 * @param plan what was planned
 * @param load what became of it
 * @param notes what must be known to read the figures
 */
public record LoadOutcome(
        String benchmark,
        int workers,
        int inFlight,
        int warmUp,
        Environment.Facts environment,
        LoadPlan plan,
        LoadReport load,
        List<String> notes)
        implements Outcome {

    /** Makes the list unmodifiable. */
    public LoadOutcome {
        notes = List.copyOf(notes);
    }

    @Override
    public String text() {
        ReportText text = new ReportText();
        text.head(benchmark, environment);
        text.fact(
                "settings",
                "workers %d, at most %d in flight, %d calls of each kind to warm up, seed %d",
                workers,
                inFlight,
                warmUp,
                load.seed());
        text.fact(
                "calls",
                "%d due in %.1f s: %d ok, %d failed, %d dropped, %d unanswered",
                load.planned(),
                load.seconds(),
                load.sum(LoadReport.Part::ok),
                load.sum(LoadReport.Part::failed),
                load.sum(LoadReport.Part::dropped),
                load.sum(LoadReport.Part::unanswered));
        text.fact("pauses", "%d of the generator's, the longest %.1f ms", load.pauses(), load.longestPauseMillis());
        text.columns("us");
        for (LoadReport.Part part : load.parts()) {
            String name = part.phase() + ", " + part.operation();
            text.values("latency", name, part.latency());
            text.values("service", name, part.service());
            text.values("delay", name, part.delay());
        }
        for (LoadReport.Part part : load.parts()) {
            if (part.ok() < part.due()) {
                text.line(
                        "  %s, %s: of %d due, %d failed %s, %d dropped, %d unanswered",
                        part.phase(),
                        part.operation(),
                        part.due(),
                        part.failed(),
                        part.failures(),
                        part.dropped(),
                        part.unanswered());
            }
        }
        text.notes(notes);
        return text.toString();
    }
}
