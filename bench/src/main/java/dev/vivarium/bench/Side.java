package dev.vivarium.bench;

import java.util.Locale;

/** Whose a figure is. */
public enum Side {
    /** Of what is compared with. */
    FLOOR,
    /** Of a pool. */
    VIVARIUM,
    /** Of another way to call Python. */
    PEER;

    /** Returns the word for it in reports. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
