package dev.vivarium.internal.link;

import dev.vivarium.internal.channel.Acceptor;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What a process says about its threads. Python's {@code faulthandler} writes it from within the signal, whatever holds the
 * interpreter lock, and without a mark at its end; the main thread comes last, and outermost in it is the file that a worker
 * is started with. Bytes come on the input and output thread; the slot begins and ends a reading.
 */
final class StackCapture implements Acceptor.Bytes {

    /** What comes beyond this is dropped. 100 threads with 100 frames each, which is the most that is written, would be more. */
    static final int MAX_BYTES = 64 * 1024;

    private static final String OUTERMOST = "vivarium_worker_main.py\", line ";
    private static final String MODULE = " in <module>\n";

    private final Runnable whole;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private boolean reading;

    /** Creates a capture that runs {@code whole} when a reading has all there is. */
    StackCapture(Runnable whole) {
        this.whole = whole;
    }

    /** Begins a reading: what came before belongs to another one, which gave up. */
    synchronized void begin() {
        bytes.reset();
        reading = true;
    }

    /** Ends the reading and returns what has come. */
    synchronized String end() {
        reading = false;
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void bytes(ByteBuffer some) {
        boolean all;
        synchronized (this) {
            while (some.hasRemaining()) {
                byte b = some.get();
                if (reading && bytes.size() < MAX_BYTES) {
                    bytes.write(b);
                }
            }
            all = reading && isWhole(bytes.toString(StandardCharsets.UTF_8));
            reading &= !all;
        }
        if (all) {
            whole.run();
        }
    }

    private static boolean isWhole(String text) {
        int last = text.lastIndexOf('\n', text.length() - 2);
        return text.endsWith(MODULE) && text.indexOf(OUTERMOST, last + 1) >= 0;
    }

    @Override
    public void closed() {}
}
