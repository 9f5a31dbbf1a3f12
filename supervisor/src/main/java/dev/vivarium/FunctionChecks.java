package dev.vivarium;

/** What must hold for the functions of a pool. */
final class FunctionChecks {

    private static final int MOST_FUNCTIONS = 1000;
    private static final int LONGEST_NAME = 200;

    private FunctionChecks() {}

    @SuppressWarnings("ConstantValue") // What callers without null checks give.
    static void check(ConfigProblems problems, FunctionPolicy given) {
        problems.require(
                given.functions().size() <= MOST_FUNCTIONS,
                "functions must be at most " + MOST_FUNCTIONS + ", got "
                        + given.functions().size());
        given.functions().forEach((name, function) -> {
            problems.require(
                    name != null && !name.isBlank() && name.length() <= LONGEST_NAME,
                    "a function's name must have 1 to " + LONGEST_NAME + " characters, got '" + name + "'");
            problems.require(function != null, "function '" + name + "' must not be null");
        });
        problems.between("functions.threads", given.threads(), 1, 1024);
        problems.between("functions.maxInFlight", given.maxInFlight(), 1, 100_000);
        problems.between("functions.maxPerWorker", given.maxPerWorker(), 1, 10_000);
        problems.between("functions.maxBytes", given.maxBytes(), 1024, 1 << 30);
    }
}
