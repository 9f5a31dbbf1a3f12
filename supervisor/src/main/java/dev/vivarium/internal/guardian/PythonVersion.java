package dev.vivarium.internal.guardian;

import dev.vivarium.PoolStartFailed;
import dev.vivarium.PoolStartFailed.Reason;
import org.jspecify.annotations.Nullable;

/** Which interpreters will do. */
final class PythonVersion {

    private static final int LEAST_MINOR = 9;

    private PythonVersion() {}

    /** Returns what is wrong with a version such as {@code 3.11.7}, or null. */
    static @Nullable PoolStartFailed problem(String version, String executable) {
        String[] parts = version.split("\\.", -1);
        try {
            if (parts.length >= 2 && Integer.parseInt(parts[0]) == 3 && Integer.parseInt(parts[1]) >= LEAST_MINOR) {
                return null;
            }
        } catch (NumberFormatException e) {
            // Said below: it is not a version that we know.
        }
        return new PoolStartFailed(
                Reason.NO_USABLE_PYTHON,
                executable + " is Python " + version + "; Python 3." + LEAST_MINOR
                        + " or later is needed: install one, or name one with the option 'python'",
                null);
    }

    /** Explains a guardian that ended before its hello. */
    static PoolStartFailed diedBeforeHello(String python, int status, String lastWords) {
        return new PoolStartFailed(
                Reason.NO_USABLE_PYTHON,
                "the interpreter '" + python + "' ended with status " + status
                        + " instead of running the guardian; Python 3." + LEAST_MINOR + " or later is needed"
                        + lastWords,
                null);
    }
}
