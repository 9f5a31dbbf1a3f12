package dev.vivarium.bench;

/**
 * Figures of one subject.
 *
 * @param side whose they are
 * @param name what was measured
 * @param unit what the values are: {@value #MICROS}, {@value #MILLIS}, {@value #RATE} or another
 * @param values how they are spread
 */
public record Row(Side side, String name, String unit, Distribution values) {

    /** Microseconds. */
    public static final String MICROS = "us";

    /** Milliseconds. */
    public static final String MILLIS = "ms";

    /** Calls a second, one value for each round. */
    public static final String RATE = "calls/s";
}
