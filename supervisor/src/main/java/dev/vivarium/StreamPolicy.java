package dev.vivarium;

/**
 * How far a handler whose answer is a stream may be ahead of its consumer. That is what one stream takes in the JVM's memory
 * at the most, its longest item beside it. Immutable; every method returns a changed copy.
 *
 * @param windowItems items that have been sent, or may be, and were not yet consumed, 1 to 1,000,000
 * @param windowBytes bytes of such items, encoded, 1,024 to 1,073,741,824; the item that reaches the limit may go beyond it
 * @param frameItems items that travel together at the most, in either direction, 1 to 65,536
 */
public record StreamPolicy(int windowItems, long windowBytes, int frameItems) {

    /** 8,192 items, 1 MiB; 512 items in a frame. */
    public static final StreamPolicy DEFAULT = new StreamPolicy(8192, 1 << 20, 512);

    /** Sets how many items may be ahead. */
    public StreamPolicy windowItems(int value) {
        return new StreamPolicy(value, windowBytes, frameItems);
    }

    /** Sets how many bytes may be ahead. */
    public StreamPolicy windowBytes(long value) {
        return new StreamPolicy(windowItems, value, frameItems);
    }

    /** Sets how many items travel together. */
    public StreamPolicy frameItems(int value) {
        return new StreamPolicy(windowItems, windowBytes, value);
    }
}
