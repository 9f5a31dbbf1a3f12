package dev.vivarium.bench.floor;

import dev.vivarium.bench.Subject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongConsumer;

/** The floor proper: one thread writes a request and reads the reply, one after the other. */
public final class BareLoop implements Subject {

    private final FloorProcess process;
    private final ByteBuffer reply;

    /** Creates the loop; the process stays its owner's. */
    public BareLoop(FloorProcess process) {
        this.process = process;
        this.reply = process.replyBuffer();
    }

    @Override
    public void run(int calls, LongConsumer nanos) throws IOException {
        for (int i = 0; i < calls; i++) {
            long begun = System.nanoTime();
            process.send();
            process.receive(reply);
            nanos.accept(System.nanoTime() - begun);
        }
    }
}
