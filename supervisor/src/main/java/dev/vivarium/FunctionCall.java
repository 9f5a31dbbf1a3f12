package dev.vivarium;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;

/** A handler's call of a {@link PoolFunction}: a callback. Thread-safe. */
public interface FunctionCall {

    /** Returns the name that the handler used. */
    String function();

    /** Returns the name of the handler that waits for the result. */
    String handler();

    /** Returns the id of the call that the handler runs. */
    long callId();

    /** Returns the worker that it runs in. */
    WorkerId worker();

    /** Returns that worker's process. */
    int incarnation();

    /** Returns the positional arguments as JSON, unmodifiable. */
    List<JsonNode> positional();

    /** Returns the keyword arguments as JSON, in their order, unmodifiable. */
    Map<String, JsonNode> keywords();

    /**
     * Returns a positional argument, converted; null for {@code None}.
     *
     * @param index from 0
     * @throws IllegalArgumentException when there is no such argument, or it cannot be converted
     */
    <T> @Nullable T argument(int index, Class<T> type);

    /**
     * Returns a positional argument, converted to a generic type. See {@link #argument(int, Class)}.
     *
     * @throws IllegalArgumentException when there is no such argument, or it cannot be converted
     */
    <T> @Nullable T argument(int index, TypeReference<T> type);

    /**
     * Returns a keyword argument, converted; null for {@code None}, and when there is none of that name.
     *
     * @throws IllegalArgumentException when it cannot be converted
     */
    <T> @Nullable T keyword(String name, Class<T> type);

    /** Returns the time until the deadline of the handler's call, which is how long the handler waits; never negative. */
    Duration remaining();

    /**
     * Returns a stage that completes when nobody waits for the result any more: the call was cancelled, its deadline has passed, or
     * its worker has ended. What the function returns then is dropped. Stages that depend on it run on a thread of the pool's
     * and must not block. It never completes otherwise.
     */
    CompletionStage<Done> abandoned();

    /** Returns whether nobody waits for the result any more. */
    boolean isAbandoned();
}
