package dev.vivarium;

/**
 * Names a worker slot of a pool. Together with an incarnation number it names one Python process for ever.
 *
 * @param pool the pool's name
 * @param slot the slot's number, from 1
 */
public record WorkerId(String pool, int slot) implements Comparable<WorkerId> {

    @Override
    public int compareTo(WorkerId other) {
        int byPool = pool.compareTo(other.pool);
        return byPool != 0 ? byPool : Integer.compare(slot, other.slot);
    }

    /** Returns {@code pool/slot}, the form used in logs and messages. */
    @Override
    public String toString() {
        return pool + "/" + slot;
    }
}
