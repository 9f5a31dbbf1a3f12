package dev.vivarium.chaos.internal;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Where it is noted what happens in a run, and when. */
public interface Notes {

    /** Returns how many nanoseconds have passed since the run's beginning. */
    long now();

    /** Begins a line. */
    Line line(String what);

    /** A line in the making. */
    final class Line {
        private final Map<String, Object> values = new LinkedHashMap<>();
        private final Consumer<Map<String, Object>> lines;

        /** Begins a line that goes to {@code lines} when it is complete. */
        public Line(String what, long nanos, Consumer<Map<String, Object>> lines) {
            this.lines = lines;
            values.put("at", Math.round(nanos / 1e3) / 1e6);
            values.put("what", what);
        }

        /** Adds a value; nothing for null. */
        public Line with(String name, @Nullable Object value) {
            if (value != null) {
                values.put(name, value);
            }
            return this;
        }

        /** Writes it. */
        public void write() {
            lines.accept(values);
        }
    }
}
