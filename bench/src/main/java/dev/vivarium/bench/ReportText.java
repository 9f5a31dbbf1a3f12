package dev.vivarium.bench;

import java.util.List;
import java.util.Locale;

/** Writes outcomes for people, in columns. */
final class ReportText {

    private static final int NAME_WIDTH = 52;
    private static final String NAME = "  %-12s %-" + NAME_WIDTH + "s";

    private final StringBuilder text = new StringBuilder();

    void head(String benchmark, Environment.Facts where) {
        line("vivarium bench %s, %s, commit %s", benchmark, where.at(), where.commit());
        fact(
                "machine",
                "%s, %d processor(s): %s%s, load %.2f before, %.2f after",
                where.cpu(),
                where.processors(),
                where.allowed(),
                where.pinned() ? ", pinned" : "",
                where.loadBefore(),
                where.loadAfter());
        fact("java", "%s, %s", where.java(), where.os());
        fact("python", "%s, encodes with %s", where.python(), where.jsonEncoder());
    }

    @SuppressWarnings("AnnotateFormatMethod") // The annotation is in an artifact that nothing else needs.
    void fact(String name, String format, Object... values) {
        text.append(String.format(Locale.ROOT, "  %-9s ", name));
        line(format, values);
    }

    @SuppressWarnings("AnnotateFormatMethod")
    void line(String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    void columns(String unit) {
        line("");
        line(NAME + " %9s %10s %10s %10s %10s %10s", unit, "", "n", "p50", "p90", "p99", "p99.9", "max");
    }

    void values(String what, String name, Distribution values) {
        line(
                NAME + " %9d %10s %10s %10s %10s %10s",
                what,
                name,
                values.count(),
                number(values.p50()),
                number(values.p90()),
                number(values.p99()),
                number(values.p999()),
                number(values.max()));
    }

    void notes(List<String> notes) {
        notes.forEach(note -> line("  note: %s", note));
    }

    /** Four digits, or all before the point: more says nothing. */
    private static String number(double value) {
        return String.format(Locale.ROOT, value >= 1000 ? "%,.0f" : value >= 100 ? "%.1f" : "%.2f", value);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
