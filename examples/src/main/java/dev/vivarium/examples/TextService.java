package dev.vivarium.examples;

import dev.vivarium.CallTimedOut;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolException;
import dev.vivarium.PoolSaturated;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** A service of a user's that leaves counting words to Python: what an embedding looks like in full. */
public final class TextService implements AutoCloseable {

    /** What the service answers. */
    public sealed interface Answer {
        /** The text was counted. */
        record Counted(int words) implements Answer {}

        /** The service is overloaded or slow; asking again later is fine. */
        record TryLater(String why) implements Answer {}

        /** The text cannot be counted. */
        record Refused(String why) implements Answer {}
    }

    private final PythonPool pool;

    /** Starts the service with the handlers in {@code handlers}. */
    public TextService(Path handlers) {
        pool = PythonPool.start(PoolConfig.builder()
                .name("text")
                .handlers(handlers.toString())
                .workers(2)
                .queueCapacity(100)
                .callTimeout(Duration.ofSeconds(5))
                .build());
    }

    /** Counts the words of a text; the stage never fails. */
    public CompletionStage<Answer> count(String text) {
        PythonCall<Integer> call =
                PythonCall.to("count_words").args(text).returning(Integer.class).retrySafe();
        return pool.call(call).handle((words, failure) -> {
            if (failure == null) {
                return new Answer.Counted(words);
            }
            if (failure instanceof PoolSaturated || failure instanceof CallTimedOut) {
                return new Answer.TryLater(String.valueOf(failure.getMessage()));
            }
            return new Answer.Refused(
                    failure instanceof PoolException error ? error.category() + ": " + error.getMessage() : "a defect");
        });
    }

    @Override
    public void close() {
        pool.close(Duration.ofSeconds(10));
    }
}
