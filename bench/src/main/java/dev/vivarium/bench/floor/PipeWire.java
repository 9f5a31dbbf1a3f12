package dev.vivarium.bench.floor;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** Frames over a process's standard streams, as Java hands them out: with buffers of their own. */
final class PipeWire implements Wire {

    private final OutputStream out;
    private final DataInputStream in;

    PipeWire(OutputStream out, InputStream in) {
        this.out = out;
        this.in = new DataInputStream(in);
    }

    @Override
    public void send(ByteBuffer frame) throws IOException {
        out.write(frame.array(), frame.arrayOffset(), frame.limit());
        out.flush();
    }

    @Override
    public int receive(ByteBuffer body) throws IOException {
        int length = in.readInt();
        in.readFully(body.array(), body.arrayOffset(), length);
        return length;
    }
}
