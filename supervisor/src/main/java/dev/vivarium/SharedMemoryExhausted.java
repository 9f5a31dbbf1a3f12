package dev.vivarium;

import dev.vivarium.protocol.Execution;
import org.jspecify.annotations.Nullable;

/**
 * There is no shared memory for what a call or its result carries: {@link AttachmentPolicy#maxSharedBytes()} is reached, or neither
 * the folder for shared memory nor the runtime directory has room. Nothing but the call is harmed.
 */
public final class SharedMemoryExhausted extends PoolException {

    private static final long serialVersionUID = 1L;

    private final long wanted;
    private final long limit;

    /**
     * Creates the error.
     *
     * @param execution NOT_STARTED for arguments, RAN for a result
     * @param wanted the bytes that there was no room for
     * @param limit the bytes that the pool may have
     * @param cause what the system said, or null
     */
    public SharedMemoryExhausted(
            Execution execution, long wanted, long limit, String message, @Nullable Throwable cause) {
        super(ErrorCategory.RESOURCE, execution, message, cause);
        this.wanted = wanted;
        this.limit = limit;
    }

    /** Returns the bytes that there was no room for. */
    public long wanted() {
        return wanted;
    }

    /** Returns the bytes of shared memory that the pool may have. */
    public long limit() {
        return limit;
    }
}
