package dev.vivarium;

import dev.vivarium.protocol.Execution;
import java.util.List;

/** A setting of the pool was refused because of a limit; the settings are as they were, and nothing was run. */
public final class SettingRefused extends PoolException {

    private static final long serialVersionUID = 1L;

    /** Which limit. */
    public enum Reason {
        /** There are {@link PythonPool#MAX_SETTINGS} settings of other names. */
        COUNT,
        /** All settings together would take more than {@link PythonPool#MAX_SETTINGS_BYTES}. */
        BYTES,
        /** As many settings as {@link PythonPool#MAX_SETTINGS} wait to be made. */
        UNDER_WAY
    }

    private final Reason reason;
    private final long limit;

    /**
     * Creates the error.
     *
     * @param limit the limit that was reached
     */
    public SettingRefused(Reason reason, long limit, String message) {
        super(ErrorCategory.RESOURCE, Execution.NOT_STARTED, List.of(), message);
        this.reason = reason;
        this.limit = limit;
    }

    /** Returns which limit. */
    public Reason reason() {
        return reason;
    }

    /** Returns the limit that was reached: a number of settings, or of bytes. */
    public long limit() {
        return limit;
    }
}
