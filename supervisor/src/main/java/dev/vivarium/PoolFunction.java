package dev.vivarium;

import org.jspecify.annotations.Nullable;

/**
 * A function of the JVM's that handlers may call: what {@code ctx.jvm("name", ...)} runs. Registered with
 * {@link PoolConfigBuilder#function}; called on the threads of {@link FunctionPolicy#executor()}, several at a time.
 */
@FunctionalInterface
public interface PoolFunction {

    /**
     * Computes what the handler gets.
     *
     * <p>It may block, and may call a pool, also the one that the handler runs in: such a call, if it is made on this thread, ends
     * at the deadline of the handler's call at the latest. When nobody waits for the result any more the thread is interrupted; see
     * {@link FunctionCall#abandoned()}.
     *
     * @param call what it is called with, and by whom
     * @return a value that has an encoding; or a {@link java.util.concurrent.CompletionStage} of one, which holds no thread, and is
     *     cancelled when nobody waits for it any more
     * @throws Exception what the handler gets as {@code CallbackFailed}, with its class and message
     */
    @Nullable
    Object apply(FunctionCall call) throws Exception;
}
