package dev.vivarium.session;

import dev.vivarium.SessionCounts;
import dev.vivarium.WorkerId;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/**
 * What can be done about a pool's sessions, while their calls go on: none of them fails because of it. A session that has
 * something in its worker stays there unless a function marked {@code @session_open} can make that anew. Thread-safe.
 */
public interface PoolSessions {

    /** Returns what has become of sessions so far. */
    SessionCounts counts();

    /**
     * Sends a session to another worker, once the call that it has now has ended; its next call brings the state there.
     *
     * @return fails with IllegalStateException when the session is with no worker, must stay, or that worker does not serve
     * @throws IllegalArgumentException when the worker is another pool's
     */
    CompletionStage<Done> migrate(String session, WorkerId to);

    /**
     * Sends all sessions of a worker to the others, evenly, before it is retired for example; each between two of its calls.
     * Sessions that come to it afterwards are not kept off.
     *
     * @return completes with how many had to go
     * @throws IllegalArgumentException when the worker is another pool's
     */
    CompletionStage<Integer> evacuate(WorkerId worker);

    /**
     * Spreads the sessions evenly over the workers that serve, after the pool has grown for example.
     *
     * @return completes with how many had to move
     */
    CompletionStage<Integer> rebalance();
}
