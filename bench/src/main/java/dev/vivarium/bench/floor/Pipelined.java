package dev.vivarium.bench.floor;

import dev.vivarium.bench.Subject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;
import java.util.function.LongConsumer;

/**
 * Many requests in flight: one thread writes, one reads, and a request is written as soon as there are fewer than so many without
 * a reply. Says nothing about single requests.
 */
public final class Pipelined implements Subject {

    private final FloorProcess process;
    private final int inFlight;
    private final ByteBuffer reply;

    /** Creates the pair; the process stays its owner's. */
    public Pipelined(FloorProcess process, int inFlight) {
        this.process = process;
        this.inFlight = inFlight;
        this.reply = process.replyBuffer();
    }

    @Override
    public void run(int calls, LongConsumer nanos) throws IOException, InterruptedException {
        Semaphore window = new Semaphore(inFlight);
        IOException[] failure = new IOException[1];
        Thread reader = new Thread(
                () -> {
                    try {
                        for (int i = 0; i < calls; i++) {
                            process.receive(reply);
                            window.release();
                        }
                    } catch (IOException e) {
                        failure[0] = e;
                        window.release(calls); // The writer meets the same trouble by itself.
                    }
                },
                "bench-floor-reader");
        reader.setDaemon(true);
        reader.start();
        for (int i = 0; i < calls; i++) {
            window.acquire();
            process.send();
        }
        reader.join();
        if (failure[0] != null) {
            throw failure[0];
        }
    }
}
