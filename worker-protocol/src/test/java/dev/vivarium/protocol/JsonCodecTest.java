package dev.vivarium.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The rules of the codec, as PROTOCOL.md has them. */
class JsonCodecTest {

    private final JsonCodec codec = new JsonCodec(new ObjectMapper(), Limits.DEFAULTS);

    record Point(int x, double y) {}

    private String encode(Object... values) throws CodecException {
        return new String(
                codec.encodeCall("f", Arrays.asList(values), Map.of(), new ArrayList<>()), StandardCharsets.UTF_8);
    }

    private @Nullable Object decode(String json, java.lang.reflect.Type type) throws CodecException {
        return codec.decode(json.getBytes(StandardCharsets.UTF_8), type, List.of());
    }

    @Test
    void writesHandlerPositionalAndKeywordArguments() throws CodecException {
        byte[] call = codec.encodeCall("f", List.of(1, "a"), Map.of("k", new Point(1, 2)), new ArrayList<>());

        assertThat(new String(call, StandardCharsets.UTF_8)).isEqualTo("[\"f\",[1,\"a\"],{\"k\":{\"x\":1,\"y\":2.0}}]");
    }

    @Test
    void passesRawJsonThrough() throws CodecException {
        byte[] call =
                codec.encodeCall("f", List.of(RawJson.of("[ 1 ]")), RawJson.of("{\"a\": 1e400}"), new ArrayList<>());

        assertThat(new String(call, StandardCharsets.UTF_8)).isEqualTo("[\"f\",[[ 1 ]],{\"a\": 1e400}]");
        assertThat(decode("{\"a\":  1}", RawJson.class)).isEqualTo(RawJson.of("{\"a\":  1}"));
    }

    @Test
    void keepsNanAndInfinity() throws CodecException {
        assertThat(encode(Double.NaN, Double.NEGATIVE_INFINITY)).isEqualTo("[\"f\",[NaN,-Infinity],{}]");
        assertThat(decode("[NaN, Infinity]", double[].class))
                .isEqualTo(new double[] {Double.NaN, Double.POSITIVE_INFINITY});
    }

    @Test
    void keepsIntegersExact() throws CodecException {
        BigInteger large = BigInteger.TEN.pow(40).add(BigInteger.ONE);

        assertThat(encode(large)).contains(large.toString());
        assertThat(decode(large.toString(), BigInteger.class)).isEqualTo(large);
        assertThat(decode(large.toString(), JsonNode.class)).isEqualTo(BigIntegerNode.valueOf(large));
    }

    @Test
    void writesDatesAsTextAndReadsBytesFromBase64() throws CodecException {
        assertThat(encode(LocalDate.of(2026, 1, 2), Instant.EPOCH))
                .isEqualTo("[\"f\",[\"2026-01-02\",\"1970-01-01T00:00:00Z\"],{}]");
        assertThat(decode("\"AP8=\"", byte[].class)).isEqualTo(new byte[] {0, -1});
    }

    @Test
    void convertsRecordsAndGenerics() throws CodecException {
        assertThat(decode("{\"x\":1,\"y\":2}", Point.class)).isEqualTo(new Point(1, 2));
        assertThat(decode("{\"a\":[{\"x\":1,\"y\":2}]}", new TypeReference<Map<String, List<Point>>>() {}.getType()))
                .isEqualTo(Map.of("a", List.of(new Point(1, 2))));
    }

    @Test
    void refusesWhatWouldBeLostInSilence() {
        assertThatThrownBy(() -> decode("{\"x\":1,\"y\":2,\"z\":3}", Point.class))
                .hasMessageContaining("z");
        assertThatThrownBy(() -> decode("null", int.class)).isInstanceOf(CodecException.class);
        assertThatThrownBy(() -> decode("1 2", Integer.class)).isInstanceOf(CodecException.class);
        assertThatThrownBy(() -> decode("1.5", BigInteger.class)).isInstanceOf(CodecException.class);
    }

    @Test
    void namesWhatCannotBeEncoded() {
        assertThatThrownBy(() -> encode(new Object()))
                .hasMessageContaining("'f'")
                .hasMessageContaining("java.lang.Object");
    }
}
