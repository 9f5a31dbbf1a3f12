package dev.vivarium.bench.micro;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.JsonCodec;
import dev.vivarium.protocol.Limits;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What the JSON of a small call costs. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class JsonMicro {

    private final JsonCodec codec = new JsonCodec(new ObjectMapper(), Limits.DEFAULTS);
    private final List<Object> arguments = List.of(Map.of("text", "to be or not to be", "count", 42, "share", 0.5));
    private byte[] json;

    /** Prepares what is read. */
    @Setup
    public void prepare() throws CodecException {
        json = codec.encode(arguments);
    }

    /** A small object becomes JSON. */
    @Benchmark
    public byte[] writesJson() throws CodecException {
        return codec.encode(arguments);
    }

    /** JSON becomes a small object. */
    @Benchmark
    public Object readsJson() throws CodecException {
        return codec.decode(json, List.class, List.of());
    }
}
