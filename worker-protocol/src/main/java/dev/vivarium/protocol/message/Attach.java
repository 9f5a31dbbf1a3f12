package dev.vivarium.protocol.message;

/**
 * ATTACH: what a connection is for.
 *
 * @param kind guardian, data, control, stdout, stderr or stacks
 * @param slot the worker's slot, 0 for the guardian
 * @param secret the pool's secret
 */
public record Attach(String kind, int slot, String secret) {

    /** Leaves the secret out. */
    @Override
    public String toString() {
        return "Attach[kind=" + kind + ", slot=" + slot + "]";
    }
}
