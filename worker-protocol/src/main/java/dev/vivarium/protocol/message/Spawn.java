package dev.vivarium.protocol.message;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * SPAWN: start a worker.
 *
 * @param slot the slot
 * @param environment the whole environment
 * @param directory the working directory, or null for the guardian's own
 * @param statusPage the file of the status page
 * @param interpreterArguments arguments for the interpreter itself
 * @param pipes where the guardian may make two named pipes for the data channel, that to the worker first; null where it must
 *     not
 */
public record Spawn(
        int slot,
        Map<String, String> environment,
        @Nullable String directory,
        String statusPage,
        List<String> interpreterArguments,
        @Nullable List<String> pipes) {

    /** Names the variables, never their values. */
    @Override
    public String toString() {
        return "Spawn[slot=" + slot + ", environment=" + environment.keySet() + ", directory=" + directory + "]";
    }
}
