package dev.vivarium.cli;

import dev.vivarium.PoolEvent;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.TransitionCause;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Tells whether it is the handlers' doing that a pool does not start. Handlers that end their worker while they load leave
 * no error, only a process that ended. Thread-safe.
 */
final class StartTrouble {

    private static final long EVENT_LIMIT_S = 5;

    private final CompletableFuture<TransitionCause> firstExit = new CompletableFuture<>();

    void on(PoolEvent event) {
        if (event instanceof PoolEvent.WorkerExited exited) {
            firstExit.complete(exited.exit().cause());
        }
    }

    /** Returns whether the handlers are to blame. */
    boolean isOfHandlers(PoolStartFailed failed) throws InterruptedException {
        return switch (failed.reason()) {
            case HANDLERS_NOT_LOADED, TEMPLATE_NOT_LOADED -> true;
            case WORKERS_NOT_READY -> diedLoading();
            case NO_USABLE_PYTHON, NO_RUNTIME_DIRECTORY, NO_SESSION_STORE, UNSUPPORTED_PLATFORM -> false;
        };
    }

    /** Returns whether it may be the interpreter that does not do what it is asked. */
    boolean isOfInterpreter(PoolStartFailed failed) throws InterruptedException {
        return switch (failed.reason()) {
            case NO_USABLE_PYTHON -> true;
            case WORKERS_NOT_READY -> firstExit(TransitionCause.DRAINED) == TransitionCause.CONNECT_TIMEOUT;
            case HANDLERS_NOT_LOADED,
                    TEMPLATE_NOT_LOADED,
                    NO_RUNTIME_DIRECTORY,
                    NO_SESSION_STORE,
                    UNSUPPORTED_PLATFORM -> false;
        };
    }

    /** By now the interpreter has run the guardian, so that a worker which ends by itself ends because of what it loads. */
    private boolean diedLoading() throws InterruptedException {
        return switch (firstExit(TransitionCause.DRAINED)) {
            case EXITED, CRASHED, KILLED, OUT_OF_MEMORY, LOAD_TIMEOUT, LOAD_FAILED, PROTOCOL_VIOLATION -> true;
            default -> false;
        };
    }

    private TransitionCause firstExit(TransitionCause none) throws InterruptedException {
        try {
            // The event was published before the failure, but on a thread of its own.
            return firstExit.get(EVENT_LIMIT_S, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            return none;
        }
    }
}
