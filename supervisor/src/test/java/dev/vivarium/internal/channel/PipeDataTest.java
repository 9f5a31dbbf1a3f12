package dev.vivarium.internal.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameEncoder;
import dev.vivarium.protocol.FrameReader;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.Limits;
import java.io.DataInputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The worker's ends are held by the test as the worker holds them: the one that it writes to is open both ways. */
@Tag("processes")
@Timeout(60)
class PipeDataTest {

    @TempDir
    Path folder;

    private final ExecutorService blocking = Executors.newCachedThreadPool();
    private PipeData.Paths paths;
    private FileInputStream workerReads;
    private RandomAccessFile workerWrites;
    private PipeData channel;

    @BeforeEach
    void open() throws Exception {
        paths = new PipeData.Paths(folder.resolve("in"), folder.resolve("out"));
        Process mkfifo = new ProcessBuilder(
                        "mkfifo",
                        paths.toWorker().toString(),
                        paths.fromWorker().toString())
                .start();
        assertThat(mkfifo.waitFor()).isZero();
        RandomAccessFile both = new RandomAccessFile(paths.toWorker().toFile(), "rw");
        workerReads = new FileInputStream(paths.toWorker().toFile());
        both.close();
        workerWrites = new RandomAccessFile(paths.fromWorker().toFile(), "rw");
        channel = PipeData.open(paths, blocking);
    }

    @AfterEach
    void close() throws IOException {
        channel.readingOver();
        channel.close();
        workerReads.close();
        workerWrites.close();
        blocking.shutdown();
    }

    private static ByteBuffer frame(long id, int bytes) {
        return FrameEncoder.encode(Frame.of(FrameType.REPLY, id, 1, new byte[bytes]));
    }

    private byte[] received(int bytes) throws IOException {
        byte[] received = new byte[bytes];
        new DataInputStream(workerReads).readFully(received);
        return received;
    }

    private CompletableFuture<Frame> reading() {
        FrameReader reader = channel.reader(Limits.DEFAULTS);
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return reader.read();
                    } catch (IOException | dev.vivarium.protocol.ProtocolViolationException e) {
                        throw new IllegalStateException(e);
                    }
                },
                blocking);
    }

    /** Waits until a thread is in the system call that it cannot be seen in otherwise. */
    private static void awaitBlocked(Thread thread, String method) {
        while (thread.getStackTrace().length == 0
                || !thread.getStackTrace()[0].getMethodName().equals(method)) {
            Thread.onSpinWait();
        }
    }

    @Test
    void carriesFramesBothWays() throws Exception {
        channel.write(frame(7, 10));
        byte[] got = received(Frame.HEADER_BYTES + 10);
        workerWrites.write(frame(8, 200_000 - Frame.HEADER_BYTES - 150_000).array());

        assertThat(ByteBuffer.wrap(got).getLong(8)).isEqualTo(7);
        assertThat(reading().get().callId()).isEqualTo(8);
    }

    @Test
    void readsWhatIsLargerThanAPipe() throws Exception {
        CompletableFuture<Frame> read = reading();
        workerWrites.write(frame(9, 3_000_000).array());

        assertThat(read.get().body()).hasSize(3_000_000);
    }

    @Test
    void endsWhenTheWorkerDoes() throws Exception {
        CompletableFuture<Frame> read = reading();
        workerWrites.write(frame(1, 1).array());
        assertThat(read.get().callId()).isEqualTo(1);

        CompletableFuture<Frame> last = reading();
        workerWrites.close();

        assertThat(last.get()).isNull();
    }

    @Test
    void refusesToWriteWhenNobodyReadsAnyMore() throws Exception {
        workerReads.close();

        assertThatThrownBy(() -> channel.write(frame(1, 1))).isInstanceOf(IOException.class);
    }

    @Test
    void isNotOpenedWhereThereIsNoPipe() {
        PipeData.Paths none = new PipeData.Paths(folder.resolve("none"), folder.resolve("neither"));

        assertThatThrownBy(() -> PipeData.open(none, blocking)).isInstanceOf(NoSuchFileException.class);
        assertThat(Files.exists(none.toWorker())).isFalse();
    }

    @Test
    void doesNotWaitForAWorkerThatHasGone() throws Exception {
        workerReads.close();
        workerWrites.close();

        PipeData late = PipeData.open(paths, blocking);

        assertThat(late.reader(Limits.DEFAULTS).read()).isNull();
        late.readingOver();
        late.close();
    }

    @Test
    void isNotHarmedByAnInterruptOfItsWriter() throws Exception {
        Thread.currentThread().interrupt();
        try {
            channel.write(frame(1, 1));
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        channel.write(frame(2, 1));

        byte[] both = received(2 * (Frame.HEADER_BYTES + 1));
        assertThat(ByteBuffer.wrap(both).getLong(Frame.HEADER_BYTES + 1 + 8)).isEqualTo(2);
    }

    @Nested
    class Closed {

        @Test
        void letsAReaderGoWhoWaits() throws Exception {
            CountDownLatch begun = new CountDownLatch(1);
            CompletableFuture<Frame> read = new CompletableFuture<>();
            Thread reader = new Thread(() -> {
                begun.countDown();
                try {
                    read.complete(channel.reader(Limits.DEFAULTS).read());
                } catch (IOException | dev.vivarium.protocol.ProtocolViolationException e) {
                    read.completeExceptionally(e);
                }
            });
            reader.start();
            begun.await();
            awaitBlocked(reader, "readBytes");

            channel.close();

            assertThat(read.get()).isNull();
        }

        /** The reading thread is between two reads, say in a collection, and the worker in the middle of a large answer. */
        @Test
        void endsThoughThePipeIsFull() throws Exception {
            try (FileOutputStream worker =
                    new FileOutputStream(paths.fromWorker().toFile())) {
                worker.write(new byte[64 * 1024]);
            }

            channel.close();
            channel.readingOver();

            awaitGone(paths.toWorker());
        }

        @Test
        void letsAWriterGoWhoWaits() throws Exception {
            CompletableFuture<Void> written = new CompletableFuture<>();
            Thread writer = new Thread(() -> {
                try {
                    channel.write(frame(1, 5_000_000)); // Nobody reads, and a pipe holds a small part of it.
                    written.complete(null);
                } catch (IOException e) {
                    written.completeExceptionally(e);
                }
            });
            writer.start();
            awaitBlocked(writer, "writeBytes");

            channel.close();

            writer.join();
            assertThat(written).isCompleted();
        }

        @Test
        void takesNothingAnyMore() throws Exception {
            channel.close();
            awaitGone(paths.toWorker());

            assertThatThrownBy(() -> channel.write(frame(1, 1))).hasMessageContaining("closed");
        }

        @Test
        void twiceRemovesThePipesOnce() throws Exception {
            channel.close();
            channel.close();

            awaitGone(paths.toWorker());
            awaitGone(paths.fromWorker());
        }

        private void awaitGone(Path pipe) throws InterruptedException, ExecutionException {
            blocking.shutdown();
            assertThat(blocking.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
            assertThat(Files.exists(pipe)).isFalse();
        }
    }

    @Test
    void opensNothingThatStaysWithoutAReader() throws Exception {
        channel.readingOver();

        try (FileOutputStream toNobody = new FileOutputStream(paths.fromWorker().toFile())) {
            toNobody.write(1); // The worker holds the reading end itself, as a worker does.
        }
        assertThat(workerWrites.read()).isEqualTo(1);
    }
}
