package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.vivarium.internal.lending.Loan;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.MDC;

/** The pool's dispatcher as it is configured. */
@Timeout(60)
class LendingExecutorsTest {

    private final BlockingQueue<Thread> ranOn = new LinkedBlockingQueue<>();
    private ActorTestKit kit;

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    private ActorRef<String> actor(String lending) {
        kit = ActorTestKit.create(
                "lending",
                ConfigFactory.parseString("vivarium.dispatcher.lending = " + lending)
                        .withFallback(ConfigFactory.load()));
        Props props = DispatcherSelector.fromConfig("vivarium.dispatcher");
        return kit.spawn(
                Behaviors.receive((context, message) -> {
                    context.getLog().trace("this is what empties the MDC afterwards");
                    ranOn.add(Thread.currentThread());
                    return Behaviors.same();
                }),
                props);
    }

    private Thread told(ActorRef<String> actor) throws InterruptedException {
        Loan.with(() -> actor.tell("news"));
        return ranOn.take();
    }

    @Test
    void haveActorsRunOnTheThreadThatTellsThem() throws Exception {
        ActorRef<String> actor = actor("on");

        // One whose mailbox is not yet at rest after the message before is run where it is.
        Thread where = told(actor);
        while (where != Thread.currentThread()) {
            where = told(actor);
        }

        assertThat(where).isSameAs(Thread.currentThread());
    }

    @Test
    void leaveTheMdcOfTheThreadAsItWas() throws Exception {
        ActorRef<String> actor = actor("on");
        MDC.put("request", "42");
        try {
            Thread where = told(actor);
            while (where != Thread.currentThread()) {
                where = told(actor);
            }

            assertThat(MDC.getCopyOfContextMap()).containsExactly(Map.entry("request", "42"));
        } finally {
            MDC.clear();
        }
    }

    @Test
    void haveThemRunOnTheirOwnThreadsWhenItIsOff() throws Exception {
        ActorRef<String> actor = actor("off");

        for (int i = 0; i < 100; i++) {
            assertThat(told(actor).getName()).contains("vivarium.dispatcher");
        }
    }
}
