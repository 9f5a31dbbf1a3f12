package dev.vivarium.bench.micro;

import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.FrameDecoder;
import dev.vivarium.protocol.FrameEncoder;
import dev.vivarium.protocol.FrameType;
import dev.vivarium.protocol.Limits;
import dev.vivarium.protocol.ProtocolViolationException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** What a frame costs, without a channel and without the JSON in it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FrameMicro {

    /** How many bytes the body has. */
    @Param({"64", "65536"})
    public int bytes;

    private Frame frame;
    private byte[] encoded;
    private FrameDecoder decoder;

    /** Prepares what is encoded, and what is decoded. */
    @Setup
    public void prepare() {
        frame = Frame.of(FrameType.REPLY, 7, 1, new byte[bytes]);
        ByteBuffer buffer = FrameEncoder.encode(frame);
        encoded = new byte[buffer.remaining()];
        buffer.get(encoded);
        decoder = new FrameDecoder(Limits.DEFAULTS);
    }

    /** A frame becomes bytes. */
    @Benchmark
    public ByteBuffer encodes() {
        return FrameEncoder.encode(frame);
    }

    /** Bytes become a frame. */
    @Benchmark
    public void decodes(Blackhole hole) throws ProtocolViolationException {
        decoder.feed(ByteBuffer.wrap(encoded), hole::consume);
    }
}
