package dev.vivarium.internal.worker;

import java.util.Locale;

/** Puts sizes into words. */
final class Mebibytes {

    private static final double BYTES = 1 << 20;

    private Mebibytes() {}

    static String text(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / BYTES);
    }
}
