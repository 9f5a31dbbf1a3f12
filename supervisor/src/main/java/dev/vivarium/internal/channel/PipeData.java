package dev.vivarium.internal.channel;

import dev.vivarium.protocol.FrameReader;
import dev.vivarium.protocol.Limits;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A data channel that is two named pipes: quicker than a socket for what is small, and no interrupt closes it.
 *
 * <p>Closing a file does not wake a thread that blocks in reading or writing it, and its number may be another file's when that
 * thread goes on. So the reader alone closes what it reads from, and whoever closes the channel makes it wake: by a byte from
 * this side, which the flag tells from one of the worker's. A writer that blocks is let go by taking away what it has written.
 */
public final class PipeData implements DataChannel {

    private static final Logger log = LoggerFactory.getLogger(PipeData.class);

    /** Java reads as much through the stack, and more through memory that it asks for each time. */
    private static final int SMALL_READ = 8 * 1024;

    /**
     * The two ends of the way to a worker, and back.
     *
     * @param toWorker the pipe that the worker reads
     * @param fromWorker the pipe that the worker writes
     */
    public record Paths(Path toWorker, Path fromWorker) {
        /** Removes both; what has been opened stays open. */
        public void delete() {
            for (Path pipe : new Path[] {toWorker, fromWorker}) {
                try {
                    Files.deleteIfExists(pipe);
                } catch (IOException e) {
                    log.debug("{} could not be removed; its folder will be, with all that is in it", pipe, e);
                }
            }
        }
    }

    private final Paths paths;
    private final Executor blocking;
    private final FileOutputStream out;
    private final FileInputStream in;
    private final Object writing = new Object();
    private final Object closingOnce = new Object();
    private volatile boolean writes;
    private volatile boolean closing;
    private volatile boolean readingOver;

    private PipeData(Paths paths, Executor blocking, FileOutputStream out, FileInputStream in) {
        this.paths = paths;
        this.blocking = blocking;
        this.out = out;
        this.in = in;
    }

    /**
     * Opens pipes that exist. Does not block, whether the worker lives or not.
     *
     * @param blocking runs what may block for a moment when the channel is closed
     * @throws IOException when they cannot be opened
     */
    public static PipeData open(Paths paths, Executor blocking) throws IOException {
        if (!Files.exists(paths.toWorker()) || !Files.exists(paths.fromWorker())) {
            throw new NoSuchFileException(paths.toWorker().toString()); // Opening would make a file of that name.
        }
        FileOutputStream out = null;
        // Opening one end of a pipe waits for the other, which may be gone. Opening both at once does not, and after it
        // neither does opening one.
        try (Closeable bothEndsThere = new RandomAccessFile(paths.toWorker().toFile(), "rw");
                Closeable bothEndsBack = new RandomAccessFile(paths.fromWorker().toFile(), "rw")) {
            log.trace("opening {} and {}", bothEndsThere, bothEndsBack);
            out = new FileOutputStream(paths.toWorker().toFile());
            return new PipeData(
                    paths, blocking, out, new FileInputStream(paths.fromWorker().toFile()));
        } catch (IOException e) {
            if (out != null) {
                IoLoop.closeQuietly(out);
            }
            throw e;
        }
    }

    @Override
    public FrameReader reader(Limits limits) {
        return new FrameReader(new Input(), limits, ByteBuffer.allocate(64 * 1024));
    }

    /** What comes from the worker; ends when the worker has closed its end, or this side the channel. */
    private final class Input implements ReadableByteChannel {
        private int most = SMALL_READ;

        @Override
        public int read(ByteBuffer into) throws IOException {
            int n = closing
                    ? -1
                    : in.read(into.array(), into.arrayOffset() + into.position(), Math.min(most, into.remaining()));
            if (n < 0 || closing) {
                return -1; // When it was woken, what the worker may have said meanwhile is of no interest any more.
            }
            most = n == most ? into.capacity() : SMALL_READ;
            into.position(into.position() + n);
            return n;
        }

        @Override
        public boolean isOpen() {
            return !readingOver;
        }

        @Override
        public void close() {
            PipeData.this.close();
        }
    }

    @Override
    public ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes);
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
        synchronized (writing) {
            writes = true;
            try {
                if (closing) {
                    throw new IOException("the channel is closed");
                }
                out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
                bytes.position(bytes.limit());
            } finally {
                writes = false;
            }
        }
    }

    @Override
    public boolean isImmuneToInterrupts() {
        return true;
    }

    @Override
    public void readingOver() {
        readingOver = true;
        IoLoop.closeQuietly(in);
    }

    @Override
    public void close() {
        synchronized (closingOnce) {
            if (closing) {
                return;
            }
            closing = true;
        }
        try {
            blocking.execute(this::end);
        } catch (RejectedExecutionException poolHasEnded) {
            end();
        }
    }

    private void end() {
        wakeReader();
        letWriterGo();
        synchronized (writing) {
            IoLoop.closeQuietly(out);
        }
        paths.delete();
    }

    private void wakeReader() {
        if (readingOver || !Files.exists(paths.fromWorker())) {
            return; // Where the pipe is gone, so are the guardian and all workers, whose end has woken it.
        }
        // Both ends at once: it must not wait for a reader that has gone since.
        try (RandomAccessFile both = new RandomAccessFile(paths.fromWorker().toFile(), "rw");
                FileInputStream waiting = new FileInputStream(both.getFD())) {
            if (waiting.available() == 0) {
                both.write(0);
            } // Else it does not block, and there may be no room for a byte more.
        } catch (IOException e) {
            log.debug("a reader could not be woken; the end of its worker will do it", e);
        }
    }

    private void letWriterGo() {
        if (!writes) {
            return;
        }
        try (FileInputStream unread = new FileInputStream(paths.toWorker().toFile())) {
            byte[] away = new byte[64 * 1024];
            while (writes) {
                if (unread.available() == 0) {
                    Thread.yield(); // The writer has room, and is about to go on.
                } else if (unread.read(away) < 0) {
                    return;
                }
            }
        } catch (IOException e) {
            log.debug("a writer could not be let go; the end of its worker will do it", e);
        }
    }
}
