package dev.vivarium.internal.pool;

import dev.vivarium.PoolEvent;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.core.CallRates;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.QueueOfferResult;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes events on to those who listen, one after the other. */
final class Reporter {

    /** The messages of a reporter. */
    sealed interface Command {}

    /** Pass an event on. */
    record Publish(PoolEvent event) implements Command {}

    /** Pass events on to a stream as well. */
    record Subscribe(BoundedSourceQueue<PoolEvent> queue) implements Command {}

    private record LookDue() implements Command {}

    private static final Logger log = LoggerFactory.getLogger(Reporter.class);

    /** The pool whose listener this thread is in: such a pool cannot end before that returns. */
    private static final ThreadLocal<@Nullable PoolContext> LISTENING = new ThreadLocal<>();

    private final PoolContext context;
    private final @Nullable Consumer<PoolEvent> listener;
    private final List<BoundedSourceQueue<PoolEvent>> streams;
    private final Alarms alarms;

    private Reporter(PoolContext context, List<BoundedSourceQueue<PoolEvent>> streams, Alarms alarms) {
        this.context = context;
        this.listener = context.config().eventListener();
        this.streams = streams;
        this.alarms = alarms;
    }

    static Behavior<Command> create(PoolContext context) {
        List<BoundedSourceQueue<PoolEvent>> streams = new ArrayList<>();
        Alarms alarms = new Alarms(context);
        Behavior<Command> behavior = Behaviors.withTimers(timers -> {
            Duration step = CallRates.step(context.config().alerts().window());
            timers.startTimerWithFixedDelay(new LookDue(), step);
            return new Reporter(context, streams, alarms).behavior();
        });
        return Behaviors.supervise(behavior).onFailure(SupervisorStrategy.resume());
    }

    /** Returns whether the calling thread is in the pool's event listener. */
    static boolean isListening(PoolContext pool) {
        return LISTENING.get() == pool;
    }

    private Behavior<Command> behavior() {
        return Behaviors.receive(Command.class)
                .onMessage(Publish.class, this::onPublish)
                .onMessage(LookDue.class, this::onLookDue)
                .onMessage(Subscribe.class, this::onSubscribe)
                .onSignal(PostStop.class, signal -> onStopped())
                .build();
    }

    private Behavior<Command> onLookDue(LookDue message) {
        alarms.look();
        return Behaviors.same();
    }

    private Behavior<Command> onPublish(Publish message) {
        if (listener != null) {
            LISTENING.set(context);
            try {
                listener.accept(message.event());
            } catch (RuntimeException | Error e) { // An error in it must not end the host's actor system.
                log.warn("the event listener failed on {}", message.event(), e);
            } finally {
                LISTENING.remove();
            }
        }
        streams.removeIf(queue -> {
            QueueOfferResult result = queue.offer(message.event());
            return result != QueueOfferResult.enqueued() && result != QueueOfferResult.dropped();
        });
        return Behaviors.same();
    }

    private Behavior<Command> onSubscribe(Subscribe message) {
        streams.add(message.queue());
        return Behaviors.same();
    }

    private Behavior<Command> onStopped() {
        streams.forEach(BoundedSourceQueue::complete);
        streams.clear();
        return Behaviors.same();
    }
}
