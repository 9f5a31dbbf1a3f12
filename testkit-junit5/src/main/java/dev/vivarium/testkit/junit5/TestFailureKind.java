package dev.vivarium.testkit.junit5;

/** What kind of failure a test has, by what it does with seeds. */
public enum TestFailureKind {
    /** It fails with every seed, every time: a defect that anyone can repeat. */
    DETERMINISTIC("deterministic"),
    /** It fails with some seeds, every time, and passes with others, every time: a defect that its seed repeats. */
    SEED_DEPENDENT("seed-dependent"),
    /** It passes and fails with one and the same seed: what decides is time, threads or the machine. */
    FLAKY("flaky"),
    /** It did not fail. That is no proof that it cannot. */
    PASSING("passing");

    private final String word;

    TestFailureKind(String word) {
        this.word = word;
    }

    /** Returns the kind as reports name it, such as {@code seed-dependent}. */
    public String word() {
        return word;
    }
}
