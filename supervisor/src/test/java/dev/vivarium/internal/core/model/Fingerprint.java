package dev.vivarium.internal.core.model;

/**
 * 128 bits that stand for a state. Among a million states, two different ones collide with a probability of about one to
 * 10<sup>27</sup>.
 */
record Fingerprint(long high, long low) implements Comparable<Fingerprint> {

    /** Returns the fingerprint of nothing, to which values are added. */
    static Builder of() {
        return new Builder();
    }

    /** Takes the values one after the other; changed in place, because there are hundreds for each of millions of states. */
    static final class Builder {
        private long high = 0x9E3779B97F4A7C15L;
        private long low = 0xC2B2AE3D27D4EB4FL;

        private Builder() {}

        /** Adds a value. */
        Builder with(long value) {
            long first = mix(high ^ (value + 0x9E3779B97F4A7C15L), 0xBF58476D1CE4E5B9L, 0x94D049BB133111EBL);
            long second = mix(low + value * 0xD6E8FEB86659FD93L, 0xFF51AFD7ED558CCDL, 0xC4CEB9FE1A85EC53L);
            high = first + second;
            low = second ^ Long.rotateLeft(first, 23);
            return this;
        }

        /** Adds another fingerprint. */
        Builder with(Fingerprint other) {
            return with(other.high).with(other.low);
        }

        Fingerprint done() {
            return new Fingerprint(high, low);
        }
    }

    private static long mix(long value, long one, long two) {
        long a = (value ^ (value >>> 30)) * one;
        long b = (a ^ (a >>> 27)) * two;
        return b ^ (b >>> 31);
    }

    @Override
    public int compareTo(Fingerprint other) {
        int first = Long.compare(high, other.high);
        return first != 0 ? first : Long.compare(low, other.low);
    }
}
