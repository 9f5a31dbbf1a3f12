package dev.vivarium.internal.link;

import dev.vivarium.PoolConfig;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.context.WorkerSources;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.Handshake;
import dev.vivarium.protocol.message.AttachmentOffer;
import dev.vivarium.protocol.message.Bodies;
import dev.vivarium.protocol.message.FunctionOffer;
import dev.vivarium.protocol.message.PoolHello;
import dev.vivarium.protocol.message.WorkerHello;
import java.util.List;

/** What the JVM answers a worker's hello with: what was agreed, and what to load. */
final class Welcome {

    private Welcome() {}

    /**
     * Returns the frame.
     *
     * @throws Handshake.Refused when the two have nothing in common
     */
    static Frame answer(
            WorkerHello offered, PoolContext context, int slot, int incarnation, AttachmentOffer attachments)
            throws Handshake.Refused {
        PoolConfig config = context.config();
        Handshake agreed = Handshake.choose(offered, List.of(context.codec().name()));
        return Frame.of(
                FrameType.HELLO,
                0,
                incarnation,
                Bodies.write(new PoolHello(
                        agreed.version(),
                        agreed.codec(),
                        agreed.features(),
                        config.name(),
                        context.worker(slot).toString(),
                        WorkerSources.handlers(config),
                        WorkerSources.pythonPath(config),
                        config.calls().limits(),
                        attachments,
                        config.sessions().closeTimeout().toMillis(),
                        new FunctionOffer(context.functions().maxBytes()))));
    }
}
