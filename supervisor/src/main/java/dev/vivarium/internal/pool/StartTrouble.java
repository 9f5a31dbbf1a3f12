package dev.vivarium.internal.pool;

import dev.vivarium.WorkerExit;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.StackEntry;
import org.jspecify.annotations.Nullable;

/** Says why a worker could not be brought up. */
final class StartTrouble {

    private StartTrouble() {}

    /**
     * Returns a text for people: the end of the process, and where in the handlers it went wrong.
     *
     * @param error what loading failed with, if it did
     */
    static String describe(WorkerExit exit, @Nullable ErrorBody error) {
        StringBuilder text = new StringBuilder(exit.detail());
        if (error != null) {
            for (StackEntry entry : error.causes().isEmpty()
                    ? error.traceback()
                    : error.causes().get(0).traceback()) {
                if (!entry.file().startsWith("<frozen")) {
                    text.append("\n  File \"")
                            .append(entry.file())
                            .append("\", line ")
                            .append(entry.line());
                    text.append(", in ")
                            .append(entry.function())
                            .append("\n    ")
                            .append(entry.code());
                }
            }
        }
        for (String line : exit.lastLines()) {
            text.append("\n  | ").append(line);
        }
        return text.toString();
    }
}
