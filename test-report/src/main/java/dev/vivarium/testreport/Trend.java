package dev.vivarium.testreport;

import java.util.List;
import java.util.Locale;

/** Draws numbers of one build after the other as a line, in SVG that stands in the page itself. */
final class Trend {

    private static final double WIDTH = 320;
    private static final double HEIGHT = 60;
    private static final double MARGIN = 6;

    private Trend() {}

    /** Returns the drawing of at least one value; the axis goes from the least to the greatest, and the last is marked. */
    static String svg(List<Double> values) {
        double least = values.stream().mapToDouble(Double::doubleValue).min().orElse(0);
        double greatest = values.stream().mapToDouble(Double::doubleValue).max().orElse(0);
        StringBuilder points = new StringBuilder();
        double x = 0;
        double y = 0;
        for (int i = 0; i < values.size(); i++) {
            x = values.size() == 1 ? WIDTH / 2 : MARGIN + (WIDTH - 2 * MARGIN) * i / (values.size() - 1);
            double height = greatest == least ? 0.5 : (values.get(i) - least) / (greatest - least);
            y = HEIGHT - MARGIN - height * (HEIGHT - 2 * MARGIN);
            points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y));
        }
        return String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\">"
                        + "<polyline points=\"%s\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.5\"/>"
                        + "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"currentColor\"/></svg>",
                WIDTH,
                HEIGHT,
                WIDTH,
                HEIGHT,
                points.toString().strip(),
                x,
                y);
    }
}
