package dev.vivarium.internal.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.PoolConfig;
import dev.vivarium.internal.channel.Acceptor;
import dev.vivarium.internal.channel.IoLoop;
import dev.vivarium.internal.channel.SocketData;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.port.Machine;
import dev.vivarium.internal.worker.WorkerEvents;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameEncoder;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.Handshake;
import dev.vivarium.protocol.message.Attach;
import dev.vivarium.protocol.message.Bodies;
import dev.vivarium.protocol.message.Ready;
import dev.vivarium.protocol.message.WorkerHello;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the JVM makes of the channels of one worker. */
@Tag("processes")
class WorkerLinkTest {

    private static final long LIMIT_S = 30;
    private static final String SECRET = "secret";

    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private final WorkerLink link = new WorkerLink(
            new PoolContext(
                    PoolConfig.builder().name("link").handlers("handlers.py").build(), Machine.system()),
            stub(GuardianPort.class),
            1,
            1,
            stub(WorkerEvents.class));

    @TempDir
    Path folder;

    private Path socket;

    @BeforeEach
    void setUp() {
        socket = folder.resolve("s");
    }

    private <T> T stub(Class<T> type) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, given) -> {
                    events.add(method.getName());
                    return null;
                }));
    }

    private @Nullable String next() throws InterruptedException {
        return events.poll(LIMIT_S, TimeUnit.SECONDS);
    }

    private SocketChannel attached(String kind) throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        write(channel, Frame.of(FrameType.ATTACH, 0, 1, Bodies.write(new Attach(kind, 1, SECRET))));
        return channel;
    }

    private static void write(SocketChannel channel, Frame frame) throws IOException {
        ByteBuffer bytes = FrameEncoder.encode(frame);
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static WorkerHello hello() {
        return new WorkerHello(
                List.of(Frame.VERSION),
                List.of("json"),
                Handshake.FEATURES,
                1,
                "CPython",
                "3.9.0",
                "test",
                0,
                0,
                Map.of());
    }

    @Test
    void aWorkerIsNotReadyBeforeItsControlChannelIsThere() throws Exception {
        try (IoLoop loop = new IoLoop("link", socket, SECRET, new OfTheLink())) {
            loop.start();
            // Given a worker that says that it is ready, and then what only shows that this has been read
            try (SocketChannel data = attached("data")) {
                write(data, Frame.of(FrameType.READY, 0, 1, Bodies.write(new Ready(List.of(), 0, List.of()))));
                write(data, Frame.of(FrameType.HELLO, 0, 1, Bodies.write(hello())));
                assertThat(next()).isEqualTo("hello");

                // When
                try (SocketChannel control = attached("control")) {
                    assertThat(control.isConnected()).isTrue();

                    // Then
                    assertThat(next()).isEqualTo("loaded");
                }
            }
        }
    }

    @Test
    void aWorkerThatIsReadyTwiceIsHeardTwiceAlsoBeforeItsControlChannelIsThere() throws Exception {
        try (IoLoop loop = new IoLoop("link", socket, SECRET, new OfTheLink())) {
            loop.start();
            // Given
            try (SocketChannel data = attached("data")) {
                write(data, Frame.of(FrameType.READY, 0, 1, Bodies.write(new Ready(List.of(), 0, List.of()))));
                write(data, Frame.of(FrameType.READY, 0, 1, Bodies.write(new Ready(List.of(), 0, List.of()))));
                write(data, Frame.of(FrameType.HELLO, 0, 1, Bodies.write(hello())));
                assertThat(next()).isEqualTo("hello");

                // When
                try (SocketChannel control = attached("control")) {
                    assertThat(control.isConnected()).isTrue();

                    // Then
                    assertThat(next()).isEqualTo("loaded");
                    assertThat(next()).isEqualTo("loaded");
                }
            }
        }
    }

    @Test
    void aWorkerThatClosesItsControlChannelHasClosedAChannel() throws Exception {
        try (IoLoop loop = new IoLoop("link", socket, SECRET, new OfTheLink())) {
            loop.start();
            // Given
            try (SocketChannel data = attached("data");
                    SocketChannel control = attached("control")) {
                write(data, Frame.of(FrameType.READY, 0, 1, Bodies.write(new Ready(List.of(), 0, List.of()))));
                assertThat(next()).isEqualTo("loaded");

                // When
                control.shutdownOutput();

                // Then
                assertThat(next()).isEqualTo("channelClosed");
            }
        }
    }

    private final class OfTheLink implements Acceptor {
        @Override
        public @Nullable Frames guardian() {
            return null;
        }

        @Override
        public Frames control(int slot, int incarnation) {
            return link;
        }

        @Override
        public @Nullable Bytes output(int slot, int incarnation, Stream stream) {
            return null;
        }

        @Override
        public boolean data(int slot, int incarnation, SocketChannel channel) {
            link.attachData(new SocketData(channel));
            return true;
        }
    }
}
