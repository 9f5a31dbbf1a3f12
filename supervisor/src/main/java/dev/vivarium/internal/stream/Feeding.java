package dev.vivarium.internal.stream;

import dev.vivarium.ArgumentsNotEncodable;
import dev.vivarium.PoolException;
import dev.vivarium.internal.call.StreamAttempt;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.Credit;
import dev.vivarium.protocol.ItemBlock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.jspecify.annotations.Nullable;

/**
 * What flows into a call: a few elements are encoded ahead, and sent when the handler asks. What was not sent yet is kept, so
 * that a call that is sent again gets it. Used on the stream's thread.
 */
final class Feeding<I> {

    private static final int AHEAD_BYTES = 48 * 1024;

    private final PoolContext context;
    private final Inlet<I> in;
    private final Consumer<Inlet<I>> pull;
    private final Consumer<PoolException> giveUp;
    private final int mostItems;
    private final int maxBodyBytes;
    private final ArrayDeque<byte[]> ahead = new ArrayDeque<>();
    private long aheadBytes;
    private long count;
    private boolean over;
    private @Nullable StreamAttempt asking;
    private Credit most = new Credit(0, 0);

    Feeding(PoolContext context, Inlet<I> in, Consumer<Inlet<I>> pull, Consumer<PoolException> giveUp) {
        this.context = context;
        this.in = in;
        this.pull = pull;
        this.giveUp = giveUp;
        this.mostItems = context.config().streams().frameItems();
        this.maxBodyBytes = context.config().calls().limits().maxBodyBytes();
    }

    /** Returns what handles the inlet. */
    AbstractInHandler handler(Supplier<I> grab) {
        return new AbstractInHandler() {
            @Override
            public void onPush() {
                if (add(grab.get())) {
                    answer();
                    askForMore();
                }
            }

            @Override
            public void onUpstreamFinish() {
                over = true;
                answer();
            }
        };
    }

    void begin() {
        askForMore();
    }

    private void askForMore() {
        if (ahead.size() < mostItems && aheadBytes < AHEAD_BYTES) {
            pull.accept(in);
        }
    }

    private boolean add(I element) {
        try {
            byte[] encoded = context.codec().encode(element);
            int limit = maxBodyBytes - ItemBlock.HEAD_BYTES - ItemBlock.LENGTH_BYTES;
            if (encoded.length > limit) {
                giveUp.accept(new ArgumentsNotEncodable(
                        "item " + count + " of the input takes " + encoded.length + " bytes; with maxBodyBytes="
                                + maxBodyBytes + " it may take " + limit,
                        null));
                return false;
            }
            count++;
            ahead.add(encoded);
            aheadBytes += encoded.length;
            return true;
        } catch (CodecException | RuntimeException | Error e) {
            // Whatever the elements' classes do when they are looked at.
            giveUp.accept(new ArgumentsNotEncodable("item " + count + " of the input: " + e.getMessage(), e));
            return false;
        }
    }

    /** The handler asks for items. */
    void wanted(StreamAttempt attempt, Credit mostOfThem) {
        asking = attempt;
        most = mostOfThem;
        answer();
        askForMore();
    }

    private void answer() {
        StreamAttempt attempt = asking;
        if (attempt == null) {
            return;
        }
        if (ahead.isEmpty()) {
            if (over) {
                asking = null;
                attempt.feedEnd();
            }
            return;
        }
        asking = null;
        List<byte[]> items = new ArrayList<>();
        long bytes = 0;
        long frame = ItemBlock.HEAD_BYTES;
        for (byte[] item : ahead) {
            frame += ItemBlock.LENGTH_BYTES + item.length;
            boolean fits = frame <= maxBodyBytes
                    && bytes + item.length <= most.bytes()
                    && items.size() < Math.min(most.items(), mostItems);
            if (!items.isEmpty() && !fits) {
                break;
            }
            items.add(item);
            bytes += item.length;
        }
        if (attempt.feed(items)) {
            items.forEach(sent -> ahead.remove());
            aheadBytes -= bytes;
        }
    }
}
