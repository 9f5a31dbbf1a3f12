package dev.vivarium.examples;

import dev.vivarium.CallTimedOut;
import dev.vivarium.CircuitOpen;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolSaturated;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.WorkerCrashed;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** A service that has reviews rated in Python before it shows them. Its tests are a user's tests on the kit. */
public final class ModerationService implements AutoCloseable {

    /** From this rating on a review is not shown. */
    public static final double LIMIT = 0.5;

    /** What becomes of a review. */
    public sealed interface Decision {
        /** It is shown. */
        record Shown(double rating) implements Decision {}

        /** A human looks at it first. */
        record Held(String why) implements Decision {}

        /** Nothing was decided, and asking again is harmless. */
        record AskAgain(String why) implements Decision {}
    }

    private final PythonPool pool;

    /** Creates the service on a pool, which it closes: that is where tests give it one of theirs. */
    public ModerationService(PythonPool pool) {
        this.pool = pool;
    }

    /** Starts the service with the handlers in {@code moderation.py}. */
    public static ModerationService start(Path handlers) {
        return new ModerationService(PythonPool.start(PoolConfig.builder()
                .name("moderation")
                .handlers(handlers.toString())
                .workers(2)
                .build()));
    }

    /** Decides about a review; the stage never fails. Reviews of one author are rated in the order in which they come. */
    public CompletionStage<Decision> decide(String author, String text) {
        PythonCall<Double> rate =
                PythonCall.to("rate").args(text).returning(Double.class).timeout(Duration.ofSeconds(2));
        return pool.session("author-" + author).call(rate).handle(ModerationService::decision);
    }

    private static Decision decision(Double rating, Throwable failure) {
        if (failure == null) {
            return rating < LIMIT ? new Decision.Shown(rating) : new Decision.Held("rated " + rating);
        }
        boolean passes = failure instanceof PoolSaturated
                || failure instanceof CallTimedOut
                || failure instanceof CircuitOpen
                || failure instanceof WorkerCrashed;
        return passes
                ? new Decision.AskAgain(failure.getClass().getSimpleName())
                : new Decision.Held("could not be rated: " + failure.getMessage());
    }

    @Override
    public void close() {
        pool.close(Duration.ofSeconds(10));
    }
}
