package dev.vivarium.chaos.internal;

import dev.vivarium.chaos.ChaosFault;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;

/** A timeline's faults: a lane for each thing that happens, a bar in it for each target, and a band behind everything. */
final class Lanes {

    /** How high a lane is. */
    static final int HEIGHT = 14;

    private static final String[] COLOURS = {
        "#d9822b", "#9b59b6", "#2e86ab", "#c0392b", "#7a8b00", "#d6569a", "#1f7a6d", "#6b4f3a"
    };

    private final Map<String, List<Struck>> byLabel = new LinkedHashMap<>();
    private final DoubleUnaryOperator x;
    private final StringBuilder out = new StringBuilder();

    /**
     * Sorts faults into lanes.
     *
     * @param x where a second of the run is
     */
    Lanes(List<Struck> struck, DoubleUnaryOperator x) {
        this.x = x;
        struck.forEach(target -> byLabel.computeIfAbsent(label(target.planned().fault()), label -> new ArrayList<>())
                .add(target));
    }

    /** Returns what tells a lane from the others. */
    static String label(ChaosFault fault) {
        if (fault instanceof ChaosFault.Signalled signalled) {
            return signalled.signal().name();
        } else if (fault instanceof ChaosFault.PoolSignalled signalled) {
            return Reading.word(signalled.process()) + " " + signalled.signal();
        } else if (fault instanceof ChaosFault.Frames frames) {
            return Reading.word(frames.effect());
        } else if (fault instanceof ChaosFault.HealthLied lied) {
            return "lie: " + Reading.word(lied.lie());
        }
        return ScenarioWriter.kind(fault);
    }

    /** Returns how much room all lanes take. */
    int height() {
        return HEIGHT * byLabel.size();
    }

    private void add(String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values));
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }

    /** Returns the bands, which go behind everything: from each landing to its heal. */
    String bands(int top, int bottom) {
        out.setLength(0);
        int lane = 0;
        for (List<Struck> targets : byLabel.values()) {
            String colour = COLOURS[lane++ % COLOURS.length];
            targets.stream()
                    .filter(target -> target.landed() > 0)
                    .forEach(target -> add(
                            "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\" opacity=\"0.07\"/>",
                            from(target), top, width(target), bottom - top, colour));
        }
        return out.toString();
    }

    private double from(Struck target) {
        return x.applyAsDouble(seconds(target.landed() > 0 ? target.landed() : target.requested()));
    }

    private double width(Struck target) {
        return Math.max(2, x.applyAsDouble(seconds(target.healed())) - from(target));
    }

    /** Returns the lanes: a full bar for what has landed, an empty one for what has not. */
    String lanes(int top, int left) {
        out.setLength(0);
        int lane = 0;
        for (Map.Entry<String, List<Struck>> each : byLabel.entrySet()) {
            String colour = COLOURS[lane % COLOURS.length];
            int y = top + HEIGHT * lane++;
            add("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", left - 5, y + 10, each.getKey());
            for (Struck target : each.getValue()) {
                boolean landed = target.landed() > 0;
                add(
                        "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\" stroke=\"%s\"%s><title>%s</title></rect>",
                        from(target),
                        y + 1,
                        width(target),
                        HEIGHT - 4,
                        landed ? colour : "none",
                        colour,
                        landed ? " fill-opacity=\"0.75\"" : " stroke-dasharray=\"3 2\"",
                        Timeline.escape("#" + target.planned().number() + " " + where(target) + ": "
                                + ScenarioWriter.describe(target.planned().fault()) + how(target)));
            }
        }
        return out.toString();
    }

    private static String where(Struck target) {
        return target.slot() == 0 ? "pool" : "worker " + target.slot();
    }

    private static String how(Struck target) {
        String refusal = target.refusal();
        return target.landed() > 0
                ? ", landed " + (target.landings() == 1 ? "once" : target.landings() + " times")
                : ", has not landed" + (refusal.isEmpty() ? "" : ": " + refusal);
    }
}
