package dev.vivarium.internal.guardian;

import dev.vivarium.internal.channel.Acceptor;
import dev.vivarium.internal.channel.Connection;
import dev.vivarium.internal.channel.SocketData;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.link.WorkerLink;
import dev.vivarium.internal.link.WorkerOutput;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.ProtocolViolation;
import dev.vivarium.protocol.ProtocolViolationException;
import dev.vivarium.protocol.message.Bodies;
import dev.vivarium.protocol.message.Exited;
import dev.vivarium.protocol.message.GuardianHello;
import dev.vivarium.protocol.message.MemoryUse;
import dev.vivarium.protocol.message.Refused;
import dev.vivarium.protocol.message.Spawned;
import dev.vivarium.protocol.message.TemplateNews;
import java.nio.channels.SocketChannel;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What arrives on the sockets of one guardian's time; called on the input and output thread. */
final class GuardianConnections implements Acceptor, Acceptor.Frames {

    /** "No such process": the process has ended, and its end has been reported before this. */
    private static final int ESRCH = 3;

    private static final Logger log = LoggerFactory.getLogger(GuardianConnections.class);

    /** What the template writes comes from no worker's slot; the incarnation counts the guardian's templates. */
    private static final int TEMPLATE = 0;

    private final PoolContext context;
    private final GuardianProcess owner;
    private final Map<GuardianActor.Key, WorkerLink> links;
    private final ActorRef<GuardianActor.Command> actor;
    private @Nullable Connection open;

    GuardianConnections(
            PoolContext context,
            GuardianProcess owner,
            Map<GuardianActor.Key, WorkerLink> links,
            ActorRef<GuardianActor.Command> actor) {
        this.context = context;
        this.owner = owner;
        this.links = links;
        this.actor = actor;
    }

    @Override
    public Acceptor.Frames guardian() {
        return this;
    }

    @Override
    public Acceptor.@Nullable Frames control(int slot, int incarnation) {
        return links.get(new GuardianActor.Key(slot, incarnation));
    }

    @Override
    public Acceptor.@Nullable Bytes output(int slot, int incarnation, Acceptor.Stream stream) {
        if (slot == TEMPLATE) {
            String name = context.config().name() + "/template";
            return new WorkerOutput(context, name, incarnation, () -> 0).sink(stream == Acceptor.Stream.STDERR);
        }
        WorkerLink link = links.get(new GuardianActor.Key(slot, incarnation));
        return link == null ? null : link.output(stream);
    }

    @Override
    public boolean data(int slot, int incarnation, SocketChannel channel) {
        WorkerLink link = links.get(new GuardianActor.Key(slot, incarnation));
        if (link != null) {
            link.attachData(new SocketData(channel));
        }
        return link != null;
    }

    @Override
    public void opened(Connection opened) {
        open = opened;
    }

    @Override
    public void frame(Frame frame) {
        try {
            read(frame);
        } catch (ProtocolViolationException e) {
            violated(e.violation());
        }
    }

    private void read(Frame frame) throws ProtocolViolationException {
        switch (frame.type()) {
            case HELLO -> {
                if (open != null) {
                    owner.markGreeted();
                    actor.tell(new GuardianActor.Greeted(owner, Bodies.read(frame, GuardianHello.class), open));
                }
            }
            case SPAWNED -> {
                Spawned spawned = Bodies.read(frame, Spawned.class);
                WorkerLink link = links.get(new GuardianActor.Key(spawned.slot(), frame.incarnation()));
                if (link != null) {
                    link.spawned(spawned.pid(), spawned.pipes());
                }
            }
            case REFUSED -> {
                Refused refused = Bodies.read(frame, Refused.class);
                WorkerLink link = links.get(new GuardianActor.Key(refused.slot(), frame.incarnation()));
                if (link != null && refused.errno() == ESRCH) {
                    link.unknownToGuardian();
                } else if (link != null) {
                    link.spawnRefused(refused.reason());
                }
            }
            case EXITED -> {
                Exited exited = Bodies.read(frame, Exited.class);
                WorkerLink link = links.get(new GuardianActor.Key(exited.slot(), frame.incarnation()));
                if (link != null) {
                    link.processExited(exited);
                }
            }
            case MEMORY -> {
                MemoryUse use = Bodies.read(frame, MemoryUse.class);
                WorkerLink link = links.get(new GuardianActor.Key(use.slot(), frame.incarnation()));
                if (link != null) {
                    link.measured(use);
                }
            }
            case TEMPLATE -> actor.tell(new GuardianActor.OfTemplate(owner, Bodies.read(frame, TemplateNews.class)));
            case BYE -> log.debug("the guardian says goodbye");
            default ->
                violated(new ProtocolViolation(
                        ProtocolViolation.Kind.UNEXPECTED_TYPE, frame.type() + " from the guardian", new byte[0]));
        }
    }

    @Override
    public void violated(ProtocolViolation violation) {
        actor.tell(new GuardianActor.HungUp(owner, violation.toString()));
    }

    @Override
    public void closed() {
        actor.tell(new GuardianActor.HungUp(owner, "end of stream"));
    }
}
