package dev.vivarium.testreport;

/**
 * So many of so many.
 *
 * @param part how many are what was asked for
 * @param whole how many there are
 */
record Share(long part, long whole) {

    private static final double PERCENT = 100;

    static final Share NONE = new Share(0, 0);

    Share plus(Share other) {
        return new Share(part + other.part, whole + other.whole);
    }

    /** Returns the share in percent; 0 of nothing. */
    double percent() {
        return whole == 0 ? 0 : PERCENT * part / whole;
    }

    boolean empty() {
        return whole == 0;
    }
}
