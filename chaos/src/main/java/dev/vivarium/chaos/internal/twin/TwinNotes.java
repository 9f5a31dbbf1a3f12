package dev.vivarium.chaos.internal.twin;

import dev.vivarium.chaos.internal.Notes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What happens in a run of the twin: all of it goes into the run's hash, and is kept where it is wanted. */
final class TwinNotes implements Notes {

    private final VirtualTime time;
    private final boolean kept;
    private final List<Map<String, Object>> lines = new ArrayList<>();

    TwinNotes(VirtualTime time, boolean kept) {
        this.time = time;
        this.kept = kept;
    }

    @Override
    public long now() {
        return time.nanoTime();
    }

    @Override
    public Line line(String what) {
        return new Line(what, now(), this::take);
    }

    private void take(Map<String, Object> line) {
        // Not by the map's own hash: constants of an enum have another one in each JVM.
        line.forEach((name, value) ->
                time.mix(31L * name.hashCode() + value.toString().hashCode()));
        if (kept) {
            lines.add(line);
        }
    }

    /** Returns what was noted. */
    List<Map<String, Object>> lines() {
        return List.copyOf(lines);
    }
}
