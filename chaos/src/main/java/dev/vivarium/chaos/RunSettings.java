package dev.vivarium.chaos;

import java.nio.file.Path;
import java.util.Collection;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * How a scenario is run. Immutable; every method returns changed settings.
 *
 * @param seed what is drawn comes from
 * @param report the folder that runs' folders go into
 * @param python the interpreter
 * @param sabotage wrongs to plant; none to learn something of the pool
 * @param progress is told what happens, a line at a time; by any thread
 */
public record RunSettings(long seed, Path report, String python, Set<Sabotage> sabotage, Consumer<String> progress) {

    /** Copies the set. */
    public RunSettings {
        sabotage = Set.copyOf(sabotage);
    }

    /** Returns settings without a wrong, that say nothing, with {@code python3}. */
    public static RunSettings of(long seed, Path report) {
        return new RunSettings(seed, report, "python3", Set.of(), line -> {});
    }

    /** Sets the interpreter. */
    public RunSettings withPython(String program) {
        return new RunSettings(seed, report, program, sabotage, progress);
    }

    /** Plants wrongs. */
    public RunSettings withSabotage(Collection<Sabotage> wrongs) {
        return new RunSettings(seed, report, python, Set.copyOf(wrongs), progress);
    }

    /** Sets who is told what happens. */
    public RunSettings withProgress(Consumer<String> listener) {
        return new RunSettings(seed, report, python, sabotage, listener);
    }

    /** Returns the names of the planted wrongs, in order, with commas between them; empty for none. */
    public String sabotageWords() {
        return sabotage.stream().sorted().map(Sabotage::word).collect(Collectors.joining(","));
    }

    /** Returns a seed as it is written. */
    public static String hex(long seed) {
        return "0x" + Long.toHexString(seed);
    }
}
