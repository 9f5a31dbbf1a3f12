package dev.vivarium.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The blocks of callbacks, on the vectors that Python is tested with as well, and what they hold. */
class CallbackBlockTest {

    private final Codec codec = new JsonCodec(new ObjectMapper(), Limits.DEFAULTS);

    static List<JsonNode> blocks() throws IOException {
        List<JsonNode> vectors = new ArrayList<>();
        new ObjectMapper()
                .readTree(Path.of("src/test/resources/vectors/callbacks/blocks.json")
                        .toFile())
                .get("blocks")
                .forEach(vectors::add);
        return vectors;
    }

    @ParameterizedTest
    @MethodSource("blocks")
    void aBlockIsReadAndWrittenAsTheVectorSays(JsonNode vector) throws CodecException {
        byte[] body = HexFormat.of().parseHex(vector.get("hex").asText());
        if (vector.get("number").isNull()) {
            assertThatThrownBy(() -> CallbackBlock.number(body)).isInstanceOf(CodecException.class);
            return;
        }
        long number = Long.parseLong(vector.get("number").asText());
        byte[] content = vector.get("content").asText().getBytes(StandardCharsets.UTF_8);

        assertThat(CallbackBlock.number(body)).isEqualTo(number);
        assertThat(CallbackBlock.encode(number, content)).isEqualTo(body);
    }

    @Test
    void argumentsAreReadAndConverted() throws CodecException {
        byte[] body = "        [\"lookup\", [7, null, 1e400, 12345678901234567890], {\"locale\": \"de\"}]"
                .getBytes(StandardCharsets.UTF_8);

        CalledFunction called = codec.decodeCalled(body, CallbackBlock.NUMBER_BYTES);

        assertThat(called.function()).isEqualTo("lookup");
        assertThat(codec.convert(called.positional().get(0), Integer.class)).isEqualTo(7);
        assertThat(codec.convert(called.positional().get(1), String.class)).isNull();
        assertThat(codec.convert(called.positional().get(3), java.math.BigInteger.class))
                .isEqualTo(new java.math.BigInteger("12345678901234567890"));
        assertThat(called.keywords()).containsOnlyKeys("locale");
        assertThatThrownBy(() -> codec.convert(called.positional().get(1), int.class))
                .isInstanceOf(CodecException.class);
        assertThat(called).hasToString("CalledFunction(lookup, 4 positional, 1 keywords)");
    }

    @Test
    void whatIsNoCallIsRefused() {
        for (String text : List.of("[]", "{}", "[1, [], {}]", "[\"f\", {}, []]", "[\"f\", [], {}, 1]", "[", "")) {
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            assertThatThrownBy(() -> codec.decodeCalled(body, 0)).as(text).isInstanceOf(CodecException.class);
        }
    }
}
