package dev.vivarium.bench.floor;

import dev.vivarium.bench.Subject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.LongConsumer;

/**
 * The floor with what any interface with futures has beside it: a thread that reads replies and completes futures, one call at a
 * time. The reply is seen either in a callback, on that thread, or by the caller, who waits for the future.
 */
public final class ReaderThread {

    private static final int MOST_IN_FLIGHT = 64;

    private final FloorProcess process;
    private final ConcurrentHashMap<Long, CompletableFuture<byte[]>> pending = new ConcurrentHashMap<>();
    private final BlockingQueue<Long> ids = new ArrayBlockingQueue<>(MOST_IN_FLIGHT);
    private long last;

    /** Starts the thread, which ends with the process. The process stays its owner's. */
    public ReaderThread(FloorProcess process) {
        this.process = process;
        Thread reader = new Thread(this::read, "bench-floor-reader");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        ByteBuffer buffer = process.replyBuffer();
        try {
            while (true) {
                int length = process.receive(buffer);
                byte[] body = new byte[length];
                buffer.get(0, body);
                next().complete(body);
            }
        } catch (IOException e) {
            pending.values().forEach(future -> future.completeExceptionally(e));
        }
    }

    private CompletableFuture<byte[]> next() throws IOException {
        Long id = ids.poll();
        CompletableFuture<byte[]> future = id == null ? null : pending.remove(id);
        if (future == null) {
            throw new IOException("a reply came that nobody had asked for");
        }
        return future;
    }

    private void send(CompletableFuture<byte[]> future) throws IOException {
        long id = ++last;
        pending.put(id, future);
        ids.add(id);
        process.send();
    }

    /** Returns calls whose reply is seen in the callback. */
    public Subject seenInTheCallback() {
        return this::callbacks;
    }

    /** Returns calls whose reply is seen by the blocked caller. */
    public Subject seenByABlockedCaller() {
        return this::waits;
    }

    private void callbacks(int calls, LongConsumer nanos) throws IOException, InterruptedException {
        Semaphore go = new Semaphore(0);
        long[] took = new long[1];
        for (int i = 0; i < calls; i++) {
            long begun = System.nanoTime();
            CompletableFuture<byte[]> future = new CompletableFuture<>();
            var unused = future.whenComplete((reply, failure) -> {
                took[0] = failure == null ? System.nanoTime() - begun : -1;
                go.release();
            });
            send(future);
            go.acquire();
            if (took[0] < 0) {
                throw new IOException("the floor's Python process has ended");
            }
            nanos.accept(took[0]);
        }
    }

    private void waits(int calls, LongConsumer nanos) throws IOException, InterruptedException {
        for (int i = 0; i < calls; i++) {
            long begun = System.nanoTime();
            CompletableFuture<byte[]> future = new CompletableFuture<>();
            send(future);
            try {
                future.get();
            } catch (ExecutionException e) {
                throw new IOException(e.getCause());
            }
            nanos.accept(System.nanoTime() - begun);
        }
    }
}
