package dev.vivarium.cli;

import dev.vivarium.PythonCall;
import dev.vivarium.protocol.RawJson;

/** One input: a call, or why it is none. */
sealed interface InputRecord {

    /** Returns the number of the line it began on, from 1. */
    long line();

    /** A call to be made. */
    record Call(long line, PythonCall<RawJson> call) implements InputRecord {}

    /** A line that cannot be made into a call. */
    record Malformed(long line, String reason) implements InputRecord {}
}
