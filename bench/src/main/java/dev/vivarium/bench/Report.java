package dev.vivarium.bench;

import java.util.List;

/**
 * What a comparison found. Immutable.
 *
 * @param benchmark what was measured
 * @param settings what it was told
 * @param environment where
 * @param rows the figures
 * @param ratios how they compare
 * @param notes what must be known to read them
 */
public record Report(
        String benchmark,
        BenchSettings settings,
        Environment.Facts environment,
        List<Row> rows,
        List<Ratio> ratios,
        List<String> notes)
        implements Outcome {

    /** Makes the lists unmodifiable. */
    public Report {
        rows = List.copyOf(rows);
        ratios = List.copyOf(ratios);
        notes = List.copyOf(notes);
    }

    @Override
    public String text() {
        ReportText text = new ReportText();
        text.head(benchmark, environment);
        text.fact(
                "settings",
                "workers %d, %d of each kind after %d to warm up, floor by %s",
                settings.workers(),
                settings.calls(),
                settings.warmUp(),
                settings.transport().word());
        String unit = "";
        for (Row row : rows) {
            if (!row.unit().equals(unit)) {
                unit = row.unit();
                text.columns(unit);
            }
            text.values(row.side().word(), row.name(), row.values());
        }
        text.line("");
        for (Ratio ratio : ratios) {
            text.line(
                    "  %6.2f x  %s / %s; quartiles of %d rounds: %.2f, %.2f, %.2f%s",
                    ratio.value(),
                    ratio.of(),
                    ratio.over(),
                    ratio.rounds(),
                    ratio.low(),
                    ratio.middle(),
                    ratio.high(),
                    ratio.asked().isEmpty() ? "" : "; asked: " + ratio.asked());
        }
        text.notes(notes);
        return text.toString();
    }
}
