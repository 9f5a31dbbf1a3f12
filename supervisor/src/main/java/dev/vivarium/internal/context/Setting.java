package dev.vivarium.internal.context;

import java.time.Duration;

/**
 * A call that every worker has to have answered.
 *
 * @param revision later settings have higher ones
 * @param body handler and arguments, encoded
 * @param timeout how long a worker may take
 */
@SuppressWarnings("ArrayRecordComponent") // Nobody changes it, and nobody compares settings.
public record Setting(String name, long revision, String handler, byte[] body, Duration timeout) {

    /** Returns name and handler, never the arguments: they may be secrets. */
    @Override
    public String toString() {
        return "setting '" + name + "' (handler '" + handler + "')";
    }
}
