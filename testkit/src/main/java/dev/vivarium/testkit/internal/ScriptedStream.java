package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.protocol.Credit;
import dev.vivarium.protocol.ItemBlock;
import dev.vivarium.protocol.StreamHead;
import dev.vivarium.testkit.Moment;
import dev.vivarium.testkit.Reaction;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The stream of one scripted call. Guarded by the lock of its process. */
final class ScriptedStream {

    private static final int WANTED_BYTES = 48 * 1024;

    private final StreamHead head;
    private final long callId;
    private final ScriptedProcess process;
    private final Outlet outlet;
    private final ArrayDeque<JsonNode> fed = new ArrayDeque<>();
    private boolean fedAll;
    private Credit allowed;
    private long items;
    private long bytes;
    private @Nullable Runnable waiting;
    private @Nullable Consumer<@Nullable JsonNode> taking;

    ScriptedStream(StreamHead head, long callId, ScriptedProcess process, Outlet outlet) {
        this.head = head;
        this.callId = callId;
        this.process = process;
        this.outlet = outlet;
        this.allowed = head.credit();
    }

    /** Does what a handler does about its stream; false when that is something else. */
    boolean takes(Reaction reaction) {
        if (reaction instanceof Reaction.Reply reply) {
            // What a plain handler's answer is in a stream.
            emitAll(new Reaction.Yield(Collections.singletonList(reply.result()), new Reaction.Finish()), 0);
        } else if (reaction instanceof Reaction.Yield items) {
            emitAll(items, 0);
        } else if (reaction instanceof Reaction.Take take) {
            take(take);
        } else if (reaction instanceof Reaction.Misstate lie) {
            send(ItemBlock.encode(
                    lie.first(), lie.items().stream().map(PythonJson::bytes).toList()));
            process.perform(callId, lie.then());
        } else if (reaction instanceof Reaction.Miscount lie) {
            process.reply(callId, new Encoded(PythonJson.bytes(lie.items()), List.of()));
        } else if (reaction instanceof Reaction.Finish) {
            process.reply(callId, new Encoded(PythonJson.bytes(items), List.of()));
        } else {
            return false;
        }
        return true;
    }

    private void emitAll(Reaction.Yield all, int from) {
        for (int i = from; process.isRunning(callId); i++) {
            if (i == all.items().size()) {
                process.perform(callId, all.then());
                return;
            }
            int next = i;
            if (!hasCredit()) {
                waiting = () -> emitAll(all, next);
                return;
            }
            if (process.isStruckBetweenItems()) {
                process.strike(Moment.STREAMED, callId, () -> {
                    emit(all.items().get(next));
                    emitAll(all, next + 1);
                });
                return;
            }
            emit(all.items().get(i));
        }
    }

    private void emit(@Nullable Object item) {
        process.encodedBy(PythonJson::bytes, callId, item, encoded -> {
            byte[] block = ItemBlock.encode(items, List.of(encoded));
            items++;
            bytes += encoded.length;
            send(block);
        });
    }

    private void send(byte[] block) {
        process.say(() -> outlet.items(callId, block));
    }

    private boolean hasCredit() {
        return items < allowed.items() && bytes < allowed.bytes();
    }

    void granted(Credit total) {
        allowed = new Credit(Math.max(allowed.items(), total.items()), Math.max(allowed.bytes(), total.bytes()));
        Runnable then = waiting;
        if (then != null && hasCredit()) {
            waiting = null;
            then.run();
        }
    }

    private void take(Reaction.Take take) {
        Consumer<@Nullable JsonNode> then =
                item -> process.perform(callId, take.then().apply(item));
        if (!fed.isEmpty() || fedAll) {
            then.accept(fed.poll());
        } else {
            taking = then;
            process.say(() -> outlet.wanted(callId, new Credit(head.mostItems(), WANTED_BYTES)));
        }
    }

    /** Items have come, or there are none any more. */
    void fed(@Nullable ItemBlock block) {
        fedAll |= block == null;
        try {
            for (int i = 0; block != null && i < block.count(); i++) {
                fed.add(PythonJson.MAPPER.readTree(block.item(i)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Consumer<@Nullable JsonNode> then = taking;
        if (then != null) {
            taking = null;
            then.accept(fed.poll());
        }
    }
}
