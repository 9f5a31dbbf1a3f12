package dev.vivarium.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The blocks of streams, on the vectors that Python is tested with as well. */
class StreamBlocksTest {

    private static List<JsonNode> vectors(String part) throws IOException {
        List<JsonNode> vectors = new ArrayList<>();
        new ObjectMapper()
                .readTree(Path.of("src/test/resources/vectors/streams/blocks.json")
                        .toFile())
                .get(part)
                .forEach(vectors::add);
        return vectors;
    }

    static List<JsonNode> heads() throws IOException {
        return vectors("heads");
    }

    static List<JsonNode> credits() throws IOException {
        return vectors("credits");
    }

    static List<JsonNode> items() throws IOException {
        return vectors("items");
    }

    private static byte[] bytes(JsonNode vector) {
        return HexFormat.of().parseHex(vector.get("hex").asText());
    }

    private static Credit credit(JsonNode vector) {
        return new Credit(
                Long.parseLong(vector.get("items").asText()),
                Long.parseLong(vector.get("bytes").asText()));
    }

    @ParameterizedTest
    @MethodSource("heads")
    void aHeadIsReadAndWrittenAsTheVectorSays(JsonNode vector) throws CodecException {
        ByteBuffer block = ByteBuffer.wrap(bytes(vector));
        if (vector.get("items").isNull()) {
            assertThatThrownBy(() -> StreamHead.decode(block)).isInstanceOf(CodecException.class);
            return;
        }
        StreamHead head = new StreamHead(
                credit(vector),
                vector.get("mostItems").asInt(),
                vector.get("ofSession").asBoolean(),
                vector.get("fed").asBoolean());

        assertThat(StreamHead.decode(block)).isEqualTo(head);
        assertThat(head.encode()).isEqualTo(block);
    }

    @ParameterizedTest
    @MethodSource("credits")
    void aCreditIsReadAndWrittenAsTheVectorSays(JsonNode vector) throws CodecException {
        if (vector.get("items").isNull()) {
            assertThatThrownBy(() -> Credit.decode(bytes(vector))).isInstanceOf(CodecException.class);
            return;
        }
        assertThat(Credit.decode(bytes(vector))).isEqualTo(credit(vector));
        assertThat(credit(vector).encode()).isEqualTo(bytes(vector));
    }

    @ParameterizedTest
    @MethodSource("items")
    void itemsAreReadAndWrittenAsTheVectorSays(JsonNode vector) throws CodecException {
        if (vector.get("first").isNull()) {
            assertThatThrownBy(() -> ItemBlock.decode(bytes(vector))).isInstanceOf(CodecException.class);
            return;
        }
        List<byte[]> expected = new ArrayList<>();
        vector.get("items").forEach(item -> expected.add(item.asText().getBytes(StandardCharsets.UTF_8)));
        long first = Long.parseLong(vector.get("first").asText());

        ItemBlock read = ItemBlock.decode(bytes(vector));

        assertThat(read.first()).isEqualTo(first);
        assertThat(read.count()).isEqualTo(expected.size());
        long size = 0;
        for (int i = 0; i < expected.size(); i++) {
            assertThat(read.item(i)).isEqualTo(expected.get(i));
            assertThat(read.length(i)).isEqualTo(expected.get(i).length);
            size += expected.get(i).length;
        }
        assertThat(read.bytes()).isEqualTo(size);
        assertThat(ItemBlock.encode(first, expected)).isEqualTo(bytes(vector));
    }
}
