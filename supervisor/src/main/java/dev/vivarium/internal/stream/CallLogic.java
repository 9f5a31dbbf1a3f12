package dev.vivarium.internal.stream;

import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.internal.call.ActiveCall;
import dev.vivarium.internal.call.CallIntake;
import dev.vivarium.internal.call.PendingCallImpl;
import dev.vivarium.internal.call.StreamAttempt;
import dev.vivarium.internal.call.StreamTicket;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Credit;
import dev.vivarium.protocol.ItemBlock;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.Shape;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.jspecify.annotations.Nullable;

/**
 * One run of a call's stream. Everything in it runs on the stream's own thread; what comes from the threads that read workers
 * comes through an inbox, in order. Items are converted here, when they are asked for.
 */
final class CallLogic<I, O> extends GraphStageLogic {

    /** What comes from other threads. */
    private sealed interface News {}

    private record Items(ItemBlock block) implements News {}

    private record Wish(StreamAttempt attempt, Credit most) implements News {}

    /** How the call ended; without an error when it went well. */
    private record End(@Nullable PoolException error) implements News {}

    private final PoolContext context;
    private final CallDoor door;
    private final PythonCall<O> call;
    private final PendingCallImpl<Long> pending;
    private final Outlet<O> out;
    private final StreamTicket ticket;
    private final @Nullable Feeding<I> feeding;
    private final AsyncCallback<Boolean> bell;
    // Not carried by the callbacks themselves, which can overtake each other.
    private final Queue<News> inbox = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean rung = new AtomicBoolean();
    private final ArrayDeque<ItemBlock> blocks = new ArrayDeque<>();
    private int next;
    private long taken;
    private long takenItems;
    private long takenBytes;
    private @Nullable ActiveCall active;
    private @Nullable End end;

    CallLogic(
            PoolContext context,
            CallDoor door,
            PythonCall<O> call,
            PendingCallImpl<Long> pending,
            Shape shape,
            @Nullable Inlet<I> in,
            Outlet<O> out) {
        super(shape);
        this.context = context;
        this.door = door;
        this.call = call;
        this.pending = pending;
        this.out = out;
        this.bell = createAsyncCallback(unused -> onNews());
        this.ticket = new StreamTicket(context.config().streams(), in != null, new StreamTicket.Receiver() {
            @Override
            public void items(ItemBlock block) {
                tell(new Items(block));
            }

            @Override
            public void wanted(StreamAttempt attempt, Credit most) {
                tell(new Wish(attempt, most));
            }
        });
        this.feeding = in == null ? null : new Feeding<>(context, in, this::pullInput, this::giveUp);
        setHandler(out, new AbstractOutHandler() {
            @Override
            public void onPull() {
                emit();
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
                cancelStage(cause); // The call is cancelled when the stage has stopped.
            }
        });
        if (in != null && feeding != null) {
            setHandler(in, feeding.handler(() -> grab(in)));
        }
    }

    @Override
    public void preStart() {
        ActiveCall.Sink sink = new ActiveCall.Sink() {
            @Override
            public void succeeded(ActiveCall over, byte[] body) {
                tell(new End(null));
                pending.succeeded(over, body);
            }

            @Override
            public void failed(ActiveCall over, PoolException error) {
                tell(new End(error));
                pending.failed(over, error);
            }
        };
        ActiveCall admitted = CallIntake.admit(context, call, pending.id(), sink, error -> {
            pending.refuse(error);
            failStage(error);
        });
        if (admitted == null) {
            return;
        }
        admitted.stream(ticket);
        active = admitted;
        pending.follow(admitted, () -> door.forget(admitted.id()));
        door.submit(admitted);
        if (feeding != null) {
            feeding.begin();
        }
    }

    /** However the stage stops, its call does: also when the actor system that runs it ends. */
    @Override
    public void postStop() {
        if (end == null) {
            var unused = pending.cancel();
        }
    }

    /** Takes news, on any thread. */
    private void tell(News news) {
        inbox.add(news);
        if (!rung.getAndSet(true)) {
            bell.invoke(true);
        }
    }

    private void onNews() {
        rung.set(false);
        for (News news = inbox.poll(); news != null; news = inbox.poll()) {
            if (news instanceof Items items) {
                onItems(items.block());
            } else if (news instanceof Wish wish) {
                onWanted(wish);
            } else {
                onEnded((End) news);
            }
        }
    }

    private void pullInput(Inlet<I> in) {
        if (!hasBeenPulled(in) && !isClosed(in)) {
            pull(in);
        }
    }

    private void onItems(ItemBlock block) {
        if (end == null) {
            blocks.add(block);
            if (isAvailable(out)) {
                emit();
            }
        }
    }

    private void onEnded(End how) {
        if (end == null) {
            end = how;
            if (blocks.isEmpty() && (how.error() == null || isAvailable(out))) {
                finish(how);
            }
        }
    }

    private void onWanted(Wish wish) {
        if (feeding != null) {
            feeding.wanted(wish.attempt(), wish.most());
        }
    }

    /** Emits the next item, if it is there; the end comes behind the last one. */
    private void emit() {
        ItemBlock block = blocks.peek();
        if (block == null) {
            if (end != null) {
                finish(end);
            }
            return;
        }
        O item = decoded(block);
        if (item == null) {
            return;
        }
        count(block);
        push(out, item);
        if (end != null && end.error() == null && blocks.isEmpty()) {
            completeStage();
        }
    }

    private void finish(End how) {
        if (how.error() != null) {
            failStage(how.error());
        } else {
            completeStage();
        }
    }

    private @Nullable O decoded(ItemBlock block) {
        try {
            @SuppressWarnings("unchecked") // The codec converts to the type that O stands for.
            O item = (O) context.codec().decode(block.item(next), call.resultType());
            if (item == null) {
                giveUp(new ResultNotDecodable(
                        "item " + taken + " of " + active + " is None, which a stream of "
                                + call.resultType().getTypeName() + " cannot carry; JsonNode and RawJson can",
                        null));
            }
            return item;
        } catch (CodecException e) {
            giveUp(new ResultNotDecodable("item " + taken + " of " + active + ": " + e.getMessage(), e));
        } catch (RuntimeException | Error e) {
            // Whatever an item's type does when it is made.
            giveUp(new ResultNotDecodable("item " + taken + " of " + active + " cannot be converted: " + e, e));
        }
        return null;
    }

    private void count(ItemBlock block) {
        taken++;
        takenItems++;
        takenBytes += block.length(next);
        next++;
        if (next == block.count()) {
            blocks.remove();
            next = 0;
            ticket.consumed(takenItems, takenBytes);
            takenItems = 0;
            takenBytes = 0;
        }
    }

    /** Ends the call and the stage because of something on this side. */
    private void giveUp(PoolException error) {
        ActiveCall running = active;
        if (running != null) {
            var unused = running.cancel(execution -> error);
            door.forget(running.id());
        }
        end = new End(error);
        failStage(error);
    }
}
