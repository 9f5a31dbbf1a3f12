package dev.vivarium.internal.context;

import dev.vivarium.CallAttempt;
import dev.vivarium.PoolException;
import java.util.List;

/** An accepted call that has not ended, as those see it who only have to end it. */
public interface OpenCall {

    /** Ends the call with an error, wherever it is; false when it had ended before. */
    boolean fail(PoolException error);

    /** Ends the call with an error, also where something else is about to end it; false when it had ended before. */
    boolean abandon(PoolException error);

    /** Returns whether a worker has been given it, now or before. */
    boolean mayHaveStarted();

    /** Returns the attempts that ended with their worker, oldest first. */
    List<CallAttempt> attempts();
}
