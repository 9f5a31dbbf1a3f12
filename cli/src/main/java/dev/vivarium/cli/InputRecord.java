package dev.vivarium.cli;

import dev.vivarium.PythonCall;
import dev.vivarium.protocol.RawJson;
import org.jspecify.annotations.Nullable;

/** One input: a call, or why it is none. */
sealed interface InputRecord {

    /** Returns the number of the line it began on, from 1. */
    long line();

    /**
     * A call to be made.
     *
     * @param session the session that it belongs to, or null
     */
    record Call(
            long line, PythonCall<RawJson> call, @Nullable String session) implements InputRecord {
        Call(long line, PythonCall<RawJson> call) {
            this(line, call, null);
        }
    }

    /** A line that cannot be made into a call. */
    record Malformed(long line, String reason) implements InputRecord {}
}
