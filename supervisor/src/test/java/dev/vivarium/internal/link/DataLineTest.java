package dev.vivarium.internal.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.PoolConfig;
import dev.vivarium.internal.channel.SocketData;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.port.Machine;
import dev.vivarium.internal.worker.WorkerEvents;
import dev.vivarium.protocol.Frame;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The data channel of one worker. */
class DataLineTest {

    private static final long LIMIT_S = 30;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final DataLine line = new DataLine(
            new PoolContext(
                    PoolConfig.builder().name("line").handlers("handlers.py").build(), Machine.system()),
            1,
            1,
            (WorkerEvents) Proxy.newProxyInstance(
                    WorkerEvents.class.getClassLoader(),
                    new Class<?>[] {WorkerEvents.class},
                    (proxy, method, given) -> null),
            new DataLine.Reader() {
                @Override
                public void frame(Frame frame) {}

                @Override
                public void ended() {
                    ended.countDown();
                }
            });

    @Test
    void closesAChannelThatComesAfterTheEnd(@TempDir Path folder) throws Exception {
        // Given
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
        line.close();

        try (ServerSocketChannel server =
                        ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address);
                SocketChannel worker = SocketChannel.open(address)) {
            SocketChannel late = server.accept();

            // When
            line.attach(new SocketData(late), "reader");

            // Then
            assertThat(ended.await(LIMIT_S, TimeUnit.SECONDS)).isTrue();
            assertThat(late.isOpen()).isFalse();
            assertThat(isEnd(worker)).isTrue();
        }
    }

    private static boolean isEnd(SocketChannel channel) throws IOException {
        return channel.read(ByteBuffer.allocate(1)) < 0;
    }
}
