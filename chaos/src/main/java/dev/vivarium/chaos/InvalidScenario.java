package dev.vivarium.chaos;

import java.util.List;

/** A scenario that cannot be run, with everything that is wrong with it. */
public final class InvalidScenario extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    /** Creates the error of a scenario's problems. */
    public InvalidScenario(String scenario, List<String> problems) {
        super(scenario + " cannot be run:\n  " + String.join("\n  ", problems));
        this.problems = List.copyOf(problems);
    }

    /** Returns what is wrong, each with its place. */
    public List<String> problems() {
        return problems;
    }
}
