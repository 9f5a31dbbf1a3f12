package dev.vivarium.pooltests.storm;

import dev.vivarium.testkit.LeaseWatch;
import java.util.Locale;

/**
 * What came of one criterion.
 *
 * @param name the criterion
 * @param held whether it holds
 * @param limit what was asked for
 * @param found what was found, with figures
 */
public record Check(String name, boolean held, String limit, String found) {

    /** Says that a count of what must not be is 0. */
    public static Check none(String name, long count, String example) {
        return new Check(name, count == 0, "0", count == 0 ? "0" : count + ", such as " + example);
    }

    /** Says that a value is at least {@code least}. */
    public static Check atLeast(String name, double least, double found, String unit) {
        return new Check(name, found >= least, ">= " + number(least) + unit, number(found) + unit);
    }

    /** Says whether leases were conserved. */
    static Check leases(LeaseWatch watch) {
        return new Check(
                "leases",
                watch.violations() == 0 && watch.snapshots() > 0,
                "conserved at every snapshot",
                watch.violations() == 0
                        ? watch.snapshots() + " snapshots"
                        : watch.violations() + " violations in " + watch.snapshots() + " snapshots, the first: "
                                + watch.first().orElse(""));
    }

    private static String number(double value) {
        return value == Math.rint(value)
                ? String.format(Locale.ROOT, "%,d", (long) value)
                : String.format(Locale.ROOT, "%.2f", value);
    }
}
