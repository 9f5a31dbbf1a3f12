package dev.vivarium.testkit.internal;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.vivarium.testkit.Layer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;

/** The actor systems of test pools, and the names that they and their pools have. */
public final class KitSystem {

    /** In virtual time nothing sleeps: the scheduler knows when the dispatchers have nothing left to do. */
    private static final String VIRTUAL_TIME =
            """
            pekko.scheduler.implementation = "%1$s"
            pekko.actor.default-dispatcher.executor = "%2$s"
            pekko.actor.internal-dispatcher.executor = "%2$s"
            vivarium.dispatcher { executor = "%2$s", %3$s = on }
            """.formatted(VirtualScheduler.class.getName(), CountedExecutors.class.getName(), CountedExecutors.LENT);

    private static final String NO_LENDING = "vivarium.dispatcher.lending = off";
    private static final Pattern NAME = Pattern.compile("(vivarium-)?test\\d+-\\d{5}.*");
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private KitSystem() {}

    /** Returns a new name. All are of one length, so that none is a part of another. */
    public static String nextName() {
        return String.format("test%d-%05d", ProcessHandle.current().pid(), NUMBERS.incrementAndGet());
    }

    /** Returns whether an actor system of this name belongs to a test pool. */
    public static boolean isName(String system) {
        return NAME.matcher(system).matches();
    }

    /**
     * Starts an actor system.
     *
     * @param layer that of its pools: fakes run handlers in actors, and so those must not run on a caller's thread
     */
    public static ActorTestKit create(String name, boolean virtualTime, Layer layer) {
        Config config = ConfigFactory.parseString("""
                pekko.actor.testkit.typed.single-expect-default = 20 s
                pekko.loggers = ["org.apache.pekko.event.slf4j.Slf4jLogger"]
                pekko.stdout-loglevel = OFF
                pekko.log-dead-letters = off
                pekko.jvm-exit-on-fatal-error = off
                # A test waits for the threads to end.
                pekko.actor.default-dispatcher.shutdown-timeout = 10 ms
                pekko.actor.internal-dispatcher.shutdown-timeout = 10 ms
                pekko.actor.default-blocking-io-dispatcher.shutdown-timeout = 10 ms
                vivarium.dispatcher.shutdown-timeout = 10 ms
                """)
                .withFallback(ConfigFactory.parseString(layer == Layer.FAKE ? NO_LENDING : ""))
                .withFallback(ConfigFactory.load());
        return ActorTestKit.create(
                name, virtualTime ? ConfigFactory.parseString(VIRTUAL_TIME).withFallback(config) : config);
    }
}
