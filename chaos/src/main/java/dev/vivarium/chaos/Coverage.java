package dev.vivarium.chaos;

import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.chaos.internal.ScenarioWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * How often each kind of fault has landed in a worker of each state. Immutable.
 *
 * @param landings by the kind's word, and the state; nothing for zero
 */
public record Coverage(Map<String, Map<Phase, Long>> landings) {

    /** The states in which a worker has a process that a fault can land in. */
    public static final List<Phase> STATES =
            List.of(Phase.STARTING, Phase.IDLE, Phase.BUSY, Phase.FENCED, Phase.DEGRADED, Phase.RETIRING);

    /** Nothing has landed. */
    public static final Coverage NONE = new Coverage(Map.of());

    /** Copies the maps. */
    public Coverage {
        Map<String, Map<Phase, Long>> copy = new TreeMap<>();
        landings.forEach((kind, states) -> copy.put(kind, Map.copyOf(states)));
        landings = Collections.unmodifiableMap(copy);
    }

    /** Counts. Not thread-safe. */
    public static final class Count {
        private final Map<String, Map<Phase, Long>> landings = new TreeMap<>();

        /** Adds a landing. */
        public void add(ChaosFault fault, Phase phase) {
            landings.computeIfAbsent(word(fault), kind -> new EnumMap<>(Phase.class))
                    .merge(phase, 1L, Long::sum);
        }

        /** Adds what another has counted. */
        public void add(Coverage other) {
            other.landings()
                    .forEach((kind, states) -> states.forEach(
                            (phase, count) -> landings.computeIfAbsent(kind, k -> new EnumMap<>(Phase.class))
                                    .merge(phase, count, Long::sum)));
        }

        /** Returns what was counted. */
        public Coverage coverage() {
            return new Coverage(landings);
        }
    }

    /** Returns the word of a fault's kind, with what makes it another kind: its signal, or what becomes of frames. */
    public static String word(ChaosFault fault) {
        String kind = ScenarioWriter.kind(fault);
        if (fault instanceof ChaosFault.Signalled signalled) {
            return kind + " " + signalled.signal();
        }
        if (fault instanceof ChaosFault.Frames frames) {
            return kind + " " + frames.effect().name().toLowerCase(Locale.ROOT);
        }
        return kind;
    }

    /** Returns the cells that were never hit, as {@code KIND in STATE}, of kinds that have landed at all. */
    public List<String> neverHit() {
        List<String> cells = new ArrayList<>();
        landings.forEach((kind, states) -> STATES.stream()
                .filter(state -> !states.containsKey(state))
                .forEach(state -> cells.add(kind + " in " + state.name().toLowerCase(Locale.ROOT))));
        return cells;
    }

    /** Returns a table: a line for each kind, a column for each state. */
    public String text() {
        StringBuilder text = new StringBuilder(String.format("%-18s", "fault"));
        STATES.forEach(state -> text.append(String.format("%10s", state.name().toLowerCase(Locale.ROOT))));
        landings.forEach((kind, states) -> {
            text.append(String.format("%n%-18s", kind));
            STATES.forEach(state -> {
                long count = states.getOrDefault(state, 0L);
                text.append(String.format("%10s", count == 0 ? "-" : Long.toString(count)));
            });
        });
        return text.append('\n').toString();
    }
}
