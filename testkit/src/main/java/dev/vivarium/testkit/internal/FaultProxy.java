package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vivarium.internal.port.ChildProcess;
import dev.vivarium.internal.port.ProcessLauncher;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Stands between a guardian's side and the JVM: a guardian is told the proxy's socket in place of the pool's. Everything
 * passes frame by frame, so that faults can land on exactly one.
 */
public final class FaultProxy implements ProcessLauncher {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ProcessLauncher real;
    private final Path folder;
    private final FaultPlan plan;
    private final String pool;
    private final @Nullable Path gates;
    private final boolean onData;
    private final AtomicInteger generations = new AtomicInteger();

    /**
     * Creates the proxy.
     *
     * @param folder where its sockets go; its path must be short
     * @param pool the pool's name, which its threads bear
     * @param gates where the Python workers look for gates, or null when the workers let what lands in them land themselves
     * @param onData whether data channels pass it, too; they are sockets then
     */
    public FaultProxy(
            ProcessLauncher real, Path folder, FaultPlan plan, String pool, @Nullable Path gates, boolean onData) {
        this.gates = gates;
        this.onData = onData;
        this.real = real;
        this.folder = folder;
        this.plan = plan;
        this.pool = pool;
    }

    /**
     * Returns the proxy of a test pool.
     *
     * @param python whether workers are Python's, which look for gates
     * @param onData whether data channels pass it, too
     */
    public static FaultProxy in(
            KitFolder folder, ProcessLauncher real, FaultPlan plan, String pool, boolean python, boolean onData) {
        return new FaultProxy(real, folder.sockets(), plan, pool, python ? folder.gates() : null, onData);
    }

    @Override
    public ChildProcess start(java.util.List<String> command, Map<String, String> environment, Path errors)
            throws IOException {
        return new Guardian(
                real.start(command, environment, errors), folder.resolve("p" + generations.incrementAndGet()));
    }

    /** A guardian that is told another socket. */
    private final class Guardian implements ChildProcess {
        private final ChildProcess child;
        private final Path path;
        private final Map<ProxyConnection, Boolean> connections = new ConcurrentHashMap<>();
        private final ProxyWorkers workers = new ProxyWorkers(onData);
        private final ServerSocketChannel server;
        private final OutputStream input = new Input();

        Guardian(ChildProcess child, Path path) throws IOException {
            this.child = child;
            this.path = path;
            this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(path));
            child.onExit(status -> close());
        }

        private void close() {
            Channels.close(server);
            connections.keySet().forEach(ProxyConnection::childEnded);
            try {
                var unused = Files.deleteIfExists(path);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void accept(Path upstream) {
            try {
                while (true) {
                    SocketChannel fromChild = server.accept();
                    ProxyConnection connection =
                            new ProxyConnection(pool, fromChild, upstream, plan, workers, gates, connections::remove);
                    connections.put(connection, true);
                    connection.start();
                }
            } catch (IOException e) {
                // Closed, because the guardian has ended.
                connections.keySet().forEach(ProxyConnection::childEnded);
            }
        }

        private final class Input extends OutputStream {
            private final ByteArrayOutputStream line = new ByteArrayOutputStream();

            @Override
            public void write(int b) throws IOException {
                line.write(b);
                if (b != '\n') {
                    return;
                }
                ObjectNode settings = (ObjectNode) JSON.readTree(line.toByteArray());
                Path upstream = Path.of(settings.get("socket").asText());
                plan.thread("testkit-proxy-" + pool + "-" + path.getFileName(), () -> accept(upstream));
                child.input().write(JSON.writeValueAsBytes(settings.put("socket", path.toString())));
                child.input().write('\n');
                child.input().flush();
            }

            @Override
            public void close() throws IOException {
                child.input().close();
            }
        }

        @Override
        public long pid() {
            return child.pid();
        }

        @Override
        public OutputStream input() {
            return input;
        }

        @Override
        public void onExit(IntConsumer listener) {
            child.onExit(listener);
        }

        @Override
        public void kill() {
            child.kill();
        }
    }
}
