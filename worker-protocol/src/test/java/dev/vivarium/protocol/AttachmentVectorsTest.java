package dev.vivarium.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The vectors of values beside the JSON, which Python's tests read as well. */
class AttachmentVectorsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HexFormat HEX = HexFormat.of();

    private final JsonCodec codec = new JsonCodec(JSON, Limits.DEFAULTS);

    private static Stream<JsonNode> vectors() throws IOException {
        try (InputStream in = Objects.requireNonNull(
                AttachmentVectorsTest.class.getResourceAsStream("/vectors/attachments/values.json"))) {
            JsonNode all = JSON.readTree(in);
            return StreamSupport.stream(all.spliterator(), false);
        }
    }

    @TestFactory
    Stream<DynamicTest> areDecoded() throws IOException {
        return vectors()
                .map(vector -> DynamicTest.dynamicTest(vector.get("name").asText(), () -> {
                    if (vector.get("values").isNull()) {
                        assertThatThrownBy(() -> decode(vector)).isInstanceOf(CodecException.class);
                    } else {
                        assertThat(decode(vector)).usingRecursiveComparison().isEqualTo(values(vector));
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> areEncoded() throws IOException {
        return vectors()
                .filter(vector -> !vector.get("values").isNull())
                .map(vector -> DynamicTest.dynamicTest(vector.get("name").asText(), () -> {
                    List<Attachment> attached = new ArrayList<>();

                    byte[] call = codec.encodeCall("f", values(vector), java.util.Map.of(), attached);

                    assertThat(new String(call, StandardCharsets.UTF_8))
                            .isEqualTo("[\"f\"," + vector.get("body").asText() + ",{}]");
                    List<AttachmentPlace> places = new ArrayList<>();
                    for (int i = 0; i < attached.size(); i++) {
                        ByteBuffer bytes =
                                ByteBuffer.allocate((int) attached.get(i).bytes());
                        attached.get(i).writeTo(bytes);
                        assertThat(HEX.formatHex(bytes.array()))
                                .isEqualTo(vector.get("partsHex").get(i).asText());
                        places.add(new AttachmentPlace(0, i, bytes.capacity(), 0));
                    }
                    assertThat(HEX.formatHex(AttachmentPlace.encode(places).array()))
                            .isEqualTo(vector.get("tableHex").asText());
                }));
    }

    /** Does what a receiver does with the parts of a frame. */
    private Object decode(JsonNode vector) throws CodecException {
        List<ByteBuffer> data = new ArrayList<>();
        for (AttachmentPlace place : AttachmentPlace.decode(
                ByteBuffer.wrap(HEX.parseHex(vector.get("tableHex").asText())))) {
            JsonNode part = vector.get("partsHex").get((int) place.offset());
            if (part == null || part.asText().length() != 2 * place.length()) {
                throw new CodecException("the frame has no attachment for " + place, null);
            }
            data.add(ByteBuffer.wrap(HEX.parseHex(part.asText())));
        }
        return Objects.requireNonNull(
                codec.decode(vector.get("body").asText().getBytes(StandardCharsets.UTF_8), Object.class, data));
    }

    private static List<Object> values(JsonNode vector) {
        List<Object> values = new ArrayList<>();
        for (JsonNode value : vector.get("values")) {
            byte[] bytes = HEX.parseHex(value.get("hex").asText());
            if (value.get("dtype").isNull()) {
                values.add(bytes);
            } else {
                List<Long> shape = new ArrayList<>();
                value.get("shape").forEach(length -> shape.add(length.asLong()));
                values.add(new Tensor(
                        DType.ofCode(value.get("dtype").asText()).orElseThrow(),
                        shape,
                        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN)));
            }
        }
        return values;
    }
}
