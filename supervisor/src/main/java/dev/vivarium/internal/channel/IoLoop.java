package dev.vivarium.internal.channel;

import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameDecoder;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.Limits;
import dev.vivarium.protocol.ProtocolViolationException;
import dev.vivarium.protocol.message.Attach;
import dev.vivarium.protocol.message.Bodies;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pool's one thread for quiet channels: accepts connections, checks what they say they are, and serves control
 * channels and output. Data channels are handed over to threads of their own.
 *
 * <p>Everything registered is touched by this thread only; other threads leave tasks and wake it.
 */
public final class IoLoop implements AutoCloseable {

    /** The longest path that a Unix socket can have. */
    public static final int MAX_SOCKET_PATH = 107;

    private static final Logger log = LoggerFactory.getLogger(IoLoop.class);
    private static final int MAX_ATTACH_BYTES = 4096;

    private final Selector selector;
    private final ServerSocketChannel server;
    private final byte[] secret;
    private final Acceptor acceptor;
    private final Thread thread;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Map<SocketChannel, Handler> handlers = new ConcurrentHashMap<>();
    private final Map<Acceptor.Bytes, SocketChannel> outputs = new ConcurrentHashMap<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
    private final ByteBuffer drainBuffer = ByteBuffer.allocateDirect(64 * 1024);
    private volatile boolean closing;

    /** What is done when a channel is readable; returns false when it has ended. */
    private interface Handler {
        boolean readable(SelectionKey key, SocketChannel channel) throws IOException;

        void ended(SocketChannel channel);
    }

    /**
     * Binds the socket. {@link #start()} begins to serve.
     *
     * @throws IOException when the socket cannot be bound
     */
    public IoLoop(String pool, Path socket, String secret, Acceptor acceptor) throws IOException {
        this.secret = secret.getBytes(StandardCharsets.US_ASCII);
        this.acceptor = acceptor;
        this.selector = Selector.open();
        this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(socket), 4096);
            server.configureBlocking(false);
            var unused = server.register(selector, SelectionKey.OP_ACCEPT);
        } catch (IOException | RuntimeException e) {
            server.close();
            selector.close();
            throw e;
        }
        this.thread = new Thread(this::run, "vivarium-" + pool + "-io");
        thread.setDaemon(true);
    }

    /** Starts the thread. */
    public void start() {
        thread.start();
    }

    /** Has a task run on the thread, soon. */
    public void execute(Runnable task) {
        tasks.add(task);
        selector.wakeup();
    }

    /** Returns whether the calling thread is this loop's. */
    public boolean isLoopThread() {
        return Thread.currentThread() == thread;
    }

    /** Reads what a dead worker has left in an output channel, and closes it. To be called on the loop's thread. */
    public void drain(Acceptor.Bytes output) {
        SocketChannel channel = outputs.get(output);
        if (channel == null) {
            return;
        }
        try {
            while (channel.read(drainBuffer.clear()) > 0) {
                output.bytes(drainBuffer.flip());
            }
        } catch (IOException e) {
            log.debug("the rest of a worker's output could not be read", e);
        }
        close(channel);
    }

    void wantWrite(Connection connection) {
        execute(() -> {
            SelectionKey key = connection.channel().keyFor(selector);
            if (key != null && key.isValid()) {
                key.interestOps(key.interestOps() | SelectionKey.OP_WRITE);
            }
        });
    }

    void closeSoon(SocketChannel channel) {
        execute(() -> close(channel));
    }

    /** Stops the thread and closes everything; waits for the thread, unless it is the calling one. */
    @Override
    public void close() {
        closing = true;
        selector.wakeup();
        if (!isLoopThread() && thread.isAlive()) {
            boolean interrupted = false;
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        } else if (!thread.isAlive()) {
            closeAll();
        }
    }

    private void run() {
        try {
            while (!closing) {
                selector.select(this::ready);
                Runnable task = tasks.poll();
                while (task != null) {
                    safely(task);
                    task = tasks.poll();
                }
            }
        } catch (IOException | ClosedSelectorException e) {
            log.error("the pool's input and output thread failed; its workers will be lost", e);
        } finally {
            closeAll();
        }
    }

    private static void safely(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            log.error("a defect in serving a worker's channel", e);
        }
    }

    private void closeAll() {
        for (SocketChannel channel : new ArrayList<>(handlers.keySet())) {
            close(channel);
        }
        closeQuietly(server);
        closeQuietly(selector);
    }

    private void ready(SelectionKey key) {
        if (!key.isValid()) {
            return;
        }
        if (key.channel() == server) {
            accept();
            return;
        }
        SocketChannel channel = (SocketChannel) key.channel();
        Handler handler = handlers.get(channel);
        boolean alive;
        try {
            alive = handler != null && serve(key, channel, handler);
        } catch (IOException | CancelledKeyException e) {
            alive = false;
        } catch (RuntimeException e) {
            log.error("a defect in serving a worker's channel", e);
            alive = false;
        }
        if (!alive) {
            close(channel);
        }
    }

    private static boolean serve(SelectionKey key, SocketChannel channel, Handler handler) throws IOException {
        if (key.isWritable()) {
            key.interestOps(key.interestOps() & ~SelectionKey.OP_WRITE);
            if (key.attachment() instanceof Connection connection && !connection.flush()) {
                key.interestOps(key.interestOps() | SelectionKey.OP_WRITE);
            }
        }
        return !key.isReadable() || handler.readable(key, channel);
    }

    private void accept() {
        try {
            SocketChannel channel = server.accept();
            if (channel != null) {
                channel.configureBlocking(false);
                handlers.put(channel, new Introduction());
                var unused = channel.register(selector, SelectionKey.OP_READ);
            }
        } catch (IOException e) {
            log.warn("a connection could not be accepted: {}", e.toString());
        }
    }

    private void close(SocketChannel channel) {
        Handler handler = handlers.remove(channel);
        closeQuietly(channel);
        if (handler != null) {
            safely(() -> handler.ended(channel));
        }
    }

    /** Closes what cannot be used any more; that closing fails too is of no consequence. */
    public static void closeQuietly(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            log.debug("closing failed", e);
        }
    }

    /** Reads exactly the ATTACH frame of a new connection: what follows it belongs to whoever takes the channel over. */
    private final class Introduction implements Handler {
        private ByteBuffer bytes = ByteBuffer.allocate(Frame.HEADER_BYTES);
        private boolean headerRead;

        @Override
        public boolean readable(SelectionKey key, SocketChannel channel) throws IOException {
            if (channel.read(bytes) < 0) {
                return false;
            }
            if (bytes.hasRemaining()) {
                return true;
            }
            if (!headerRead) {
                headerRead = true;
                int length = bytes.getInt(28);
                if (length < 0 || length > MAX_ATTACH_BYTES) {
                    return refuse("its first frame announces " + Integer.toUnsignedString(length) + " bytes");
                }
                bytes = ByteBuffer.allocate(Frame.HEADER_BYTES + length).put(bytes.flip());
                if (length > 0) {
                    return readable(key, channel);
                }
            }
            try {
                Frame[] frame = new Frame[1];
                new FrameDecoder(Limits.CONTROL).feed(bytes.flip(), f -> frame[0] = f);
                if (frame[0] == null || frame[0].type() != FrameType.ATTACH) {
                    return refuse("its first frame is not ATTACH");
                }
                return attach(key, channel, Bodies.read(frame[0], Attach.class), frame[0].incarnation());
            } catch (ProtocolViolationException e) {
                return refuse(String.valueOf(e.getMessage()));
            }
        }

        private boolean attach(SelectionKey key, SocketChannel channel, Attach attach, int incarnation) {
            if (!MessageDigest.isEqual(attach.secret().getBytes(StandardCharsets.US_ASCII), secret)) {
                return refuse("its secret is wrong");
            }
            switch (attach.kind()) {
                case "guardian" -> {
                    return serveFrames(key, channel, acceptor.guardian());
                }
                case "control" -> {
                    return serveFrames(key, channel, acceptor.control(attach.slot(), incarnation));
                }
                case "stdout" -> {
                    return serveBytes(channel, acceptor.output(attach.slot(), incarnation, Acceptor.Stream.STDOUT));
                }
                case "stderr" -> {
                    return serveBytes(channel, acceptor.output(attach.slot(), incarnation, Acceptor.Stream.STDERR));
                }
                case "stacks" -> {
                    return serveBytes(channel, acceptor.output(attach.slot(), incarnation, Acceptor.Stream.STACKS));
                }
                case "data" -> {
                    handlers.remove(channel);
                    key.cancel();
                    tasks.add(() -> handOver(channel, attach.slot(), incarnation));
                    return true;
                }
                default -> {
                    return refuse("its kind is '" + attach.kind() + "'");
                }
            }
        }

        private boolean refuse(String why) {
            log.warn("a connection to the pool's socket was refused: {}", why);
            return false;
        }

        @Override
        public void ended(SocketChannel channel) {}
    }

    private void handOver(SocketChannel channel, int slot, int incarnation) {
        try {
            // A cancelled key is only gone after another selection, and until then its channel must not block.
            selector.selectNow(this::ready);
            channel.configureBlocking(true);
            if (!acceptor.data(slot, incarnation, channel)) {
                closeQuietly(channel);
            }
        } catch (IOException e) {
            log.warn("a data channel could not be taken over: {}", e.toString());
            closeQuietly(channel);
        }
    }

    private boolean serveFrames(SelectionKey key, SocketChannel channel, Acceptor.@Nullable Frames frames) {
        if (frames == null) {
            return false;
        }
        Connection connection = new Connection(this, channel);
        FrameDecoder decoder = new FrameDecoder(Limits.CONTROL);
        handlers.put(channel, new Handler() {
            @Override
            public boolean readable(SelectionKey readKey, SocketChannel readChannel) throws IOException {
                buffer.clear();
                if (readChannel.read(buffer) < 0) {
                    return false;
                }
                try {
                    decoder.feed(buffer.flip(), frames::frame);
                    return true;
                } catch (ProtocolViolationException e) {
                    frames.violated(e.violation());
                    return false;
                }
            }

            @Override
            public void ended(SocketChannel endedChannel) {
                connection.close();
                frames.closed();
            }
        });
        var unused = key.attach(connection);
        frames.opened(connection);
        return true;
    }

    private boolean serveBytes(SocketChannel channel, Acceptor.@Nullable Bytes bytes) {
        if (bytes == null) {
            return false;
        }
        outputs.put(bytes, channel);
        handlers.put(channel, new Handler() {
            @Override
            public boolean readable(SelectionKey key, SocketChannel readChannel) throws IOException {
                buffer.clear();
                if (readChannel.read(buffer) < 0) {
                    return false;
                }
                bytes.bytes(buffer.flip());
                return true;
            }

            @Override
            public void ended(SocketChannel endedChannel) {
                outputs.remove(bytes);
                bytes.closed();
            }
        });
        return true;
    }
}
