package dev.vivarium.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.protocol.message.Bodies;
import dev.vivarium.protocol.message.HandlerInfo;
import dev.vivarium.protocol.message.Ready;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The blocks of sessions, on the vectors that Python is tested with as well. */
class SessionBlocksTest {

    private static List<JsonNode> vectors(String part) throws IOException {
        List<JsonNode> vectors = new ArrayList<>();
        new ObjectMapper()
                .readTree(Path.of("src/test/resources/vectors/sessions/blocks.json")
                        .toFile())
                .get(part)
                .forEach(vectors::add);
        return vectors;
    }

    static List<JsonNode> heads() throws IOException {
        return vectors("heads");
    }

    static List<JsonNode> entries() throws IOException {
        return vectors("entries");
    }

    private static ByteBuffer bytes(JsonNode vector) {
        return ByteBuffer.wrap(HexFormat.of().parseHex(vector.get("hex").asText()));
    }

    @ParameterizedTest
    @MethodSource("heads")
    void aHeadIsReadAndWrittenAsTheVectorSays(JsonNode vector) throws CodecException {
        if (vector.get("id").isNull()) {
            assertThatThrownBy(() -> SessionHead.decode(bytes(vector))).isInstanceOf(CodecException.class);
            return;
        }
        SessionHead head = new SessionHead(
                vector.get("id").asText(),
                Long.parseUnsignedLong(vector.get("version").asText()),
                Long.parseUnsignedLong(vector.get("epoch").asText()),
                vector.get("resident").asBoolean());

        assertThat(SessionHead.decode(bytes(vector))).isEqualTo(head);
        assertThat(head.encode()).isEqualTo(bytes(vector));
    }

    @ParameterizedTest
    @MethodSource("entries")
    void entriesAreReadAndWrittenAsTheVectorSays(JsonNode vector) throws CodecException {
        if (vector.get("entries").isNull()) {
            assertThatThrownBy(() -> SessionEntries.decode(bytes(vector))).isInstanceOf(CodecException.class);
            return;
        }
        Map<String, byte @Nullable []> expected = new LinkedHashMap<>();
        for (JsonNode entry : vector.get("entries")) {
            expected.put(
                    entry.get(0).asText(),
                    entry.get(1).isNull() ? null : entry.get(1).asText().getBytes(StandardCharsets.UTF_8));
        }

        Map<String, byte @Nullable []> read = SessionEntries.decode(bytes(vector));

        assertThat(List.copyOf(read.keySet())).isEqualTo(List.copyOf(expected.keySet()));
        read.forEach((key, value) -> assertThat(value).isEqualTo(expected.get(key)));
        assertThat(SessionEntries.encode(expected)).isEqualTo(bytes(vector));
    }

    @Test
    void readySaysWhatHandlersDoAndNothingWhereNothingWasDeclared() throws ProtocolViolationException {
        String body = "{\"handlers\":[{\"name\":\"a\",\"signature\":\"\",\"doc\":\"\",\"effects\":\"session\"},"
                + "{\"name\":\"b\",\"signature\":\"\",\"doc\":\"\"}],\"load_us\":5}";

        Ready ready = Bodies.read(Frame.of(FrameType.READY, 0, 1, body.getBytes(StandardCharsets.UTF_8)), Ready.class);

        assertThat(ready.handlers()).extracting(HandlerInfo::effects).containsExactly(HandlerInfo.SESSION_ONLY, "");
        assertThat(ready.sessionHooks()).isEmpty();
    }
}
