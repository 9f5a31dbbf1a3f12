package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;

/** A configuration has problems; all of them are listed. */
public final class InvalidPoolConfig extends PoolException {

    private static final long serialVersionUID = 1L;

    private final List<String> problems;

    /**
     * Creates the error.
     *
     * @param problems each a sentence with the rule and the actual value; not empty
     */
    public InvalidPoolConfig(List<String> problems) {
        super(
                ErrorCategory.SYSTEM,
                Execution.NOT_STARTED,
                "the pool's configuration has " + problems.size()
                        + (problems.size() == 1 ? " problem: " : " problems: ") + String.join("; ", problems),
                null);
        this.problems = List.copyOf(problems);
    }

    /** Returns the problems, in the order of the options. */
    public List<String> problems() {
        return problems;
    }
}
