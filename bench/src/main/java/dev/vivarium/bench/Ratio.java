package dev.vivarium.bench;

import java.util.Arrays;

/**
 * How one subject compares with another.
 *
 * @param of the name of the one
 * @param over the name of the other
 * @param value the ratio of the medians of all values
 * @param low a quarter of the rounds have a lower ratio
 * @param middle half of the rounds have a lower ratio; what befalls whole rounds, as other work on the machine does, is not in it
 * @param high a quarter of the rounds have a higher ratio
 * @param rounds how many rounds there were, in each of which both were measured
 * @param asked what the project asks for, such as {@code <= 1.5}; empty where it asks for nothing
 */
public record Ratio(
        String of, String over, double value, double low, double middle, double high, int rounds, String asked) {

    static Ratio of(String of, String over, double value, double[] ours, double[] theirs, String asked) {
        double[] ratios = new double[Math.min(ours.length, theirs.length)];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = theirs[i] == 0 ? 0 : ours[i] / theirs[i];
        }
        Arrays.sort(ratios);
        return new Ratio(
                of,
                over,
                value,
                Distribution.at(ratios, 0.25),
                Distribution.at(ratios, 0.5),
                Distribution.at(ratios, 0.75),
                ratios.length,
                asked);
    }
}
