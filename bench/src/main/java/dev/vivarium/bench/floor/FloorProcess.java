package dev.vivarium.bench.floor;

import dev.vivarium.bench.BenchUnavailable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A Python process that runs {@code floor.py}, and the JVM's end of its channel. Used by one floor at a time. */
public final class FloorProcess implements AutoCloseable {

    /** A reply has what the request has, and a few bytes around it. */
    private static final int SLACK = 4096;

    private final Process process;
    private final @Nullable SocketChannel channel;
    private final Wire wire;
    private final Transport transport;
    private final ByteBuffer request;
    private final int capacity;

    private FloorProcess(Process process, @Nullable SocketChannel channel, Transport transport, byte[] body) {
        this.process = process;
        this.channel = channel;
        this.transport = transport;
        this.wire = channel == null
                ? new PipeWire(process.getOutputStream(), process.getInputStream())
                : new SocketWire(channel);
        this.request = buffer(Integer.BYTES + body.length).putInt(body.length).put(body);
        this.capacity = 2 * body.length + SLACK;
    }

    /**
     * Starts a process and connects it.
     *
     * @param python the interpreter
     * @param script where {@code floor.py} is
     * @param folder where the socket may be made
     * @param bytes the size of a request's body
     * @throws BenchUnavailable when the interpreter cannot be run, or ends before it has connected
     */
    public static FloorProcess start(
            String python, Path script, Path folder, Transport transport, Codec codec, int bytes)
            throws IOException, BenchUnavailable {
        byte[] body = codec.body(bytes);
        if (transport == Transport.PIPE) {
            return new FloorProcess(launch(python, script, transport, "-", codec), null, transport, body);
        }
        // Short and new for each: a socket's path may have about a hundred bytes, and is taken once it is bound.
        Path path = folder.resolve("floor-" + Long.toHexString(System.nanoTime()));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path));
            Process process = launch(python, script, transport, path.toString(), codec);
            var unused = process.onExit().thenRun(() -> closeQuietly(server)); // Else nothing would end the wait below.
            try {
                return new FloorProcess(process, server.accept(), transport, body);
            } catch (AsynchronousCloseException e) {
                process.destroyForcibly();
                throw new BenchUnavailable(
                        "the floor's " + python + " ended before it had connected; what it says is above", e);
            } catch (IOException | RuntimeException e) {
                process.destroyForcibly();
                throw e;
            }
        }
    }

    private static Process launch(String python, Path script, Transport transport, String path, Codec codec)
            throws BenchUnavailable {
        try {
            return new ProcessBuilder(python, script.toString(), transport.word(), path, codec.word())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new BenchUnavailable(python + " cannot be run: " + e.getMessage(), e);
        }
    }

    private static void closeQuietly(ServerSocketChannel server) {
        try {
            server.close();
        } catch (IOException e) {
            // It listens no more, which is what was wanted.
        }
    }

    private ByteBuffer buffer(int bytes) {
        return transport == Transport.PIPE ? ByteBuffer.allocate(bytes) : ByteBuffer.allocateDirect(bytes);
    }

    ByteBuffer replyBuffer() {
        return buffer(capacity);
    }

    void send() throws IOException {
        wire.send(request);
    }

    int receive(ByteBuffer body) throws IOException {
        return wire.receive(body);
    }

    /** Ends the process, and returns when it has ended. */
    @Override
    public void close() {
        process.destroyForcibly();
        var unused = process.onExit().join(); // Cannot be interrupted: nothing may be left behind.
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                // The process that it led to has ended.
            }
        }
    }
}
