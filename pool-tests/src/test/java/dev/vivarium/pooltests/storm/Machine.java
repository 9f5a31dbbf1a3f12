package dev.vivarium.pooltests.storm;

import java.lang.management.ManagementFactory;
import java.util.Locale;

/** Where a program runs, for its report: figures mean little without it. */
final class Machine {

    private Machine() {}

    /** Writes down what stays the same. */
    static void describe(Report report, Options options) {
        report.fact("seed", options.seed());
        report.fact(
                "machine",
                Runtime.getRuntime().availableProcessors() + " processors, Java " + Runtime.version() + ", "
                        + options.python());
        if (!options.sabotage().isEmpty()) {
            report.fact("sabotage", options.sabotage().toString());
        }
    }

    /** Returns the load of the last minute, others' work included. */
    static String load() {
        return String.format(
                Locale.ROOT,
                "%.2f",
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }
}
