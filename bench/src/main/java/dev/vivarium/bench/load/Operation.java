package dev.vivarium.bench.load;

/**
 * One kind of call in a mix.
 *
 * @param name what it is called in plans and reports
 * @param weight its share of the calls, over the sum of all weights; 1 to {@value #MAX_WEIGHT}
 */
public record Operation(String name, int weight) {

    /** The largest weight. */
    public static final int MAX_WEIGHT = 1_000_000;

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException when the name is empty or the weight out of its range
     */
    public Operation {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("an operation's name must not be empty");
        }
        if (weight < 1 || weight > MAX_WEIGHT) {
            throw new IllegalArgumentException(
                    "the weight of " + name + " must be 1 to " + MAX_WEIGHT + ", got " + weight);
        }
    }
}
