package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.POJONode;
import dev.vivarium.protocol.Attachment;
import dev.vivarium.protocol.AttachmentJson;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** JSON as Python reads and writes it: with NaN and the infinities, and with bytes and arrays beside it. */
final class PythonJson {

    static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
            .addModule(AttachmentJson.module())
            .build();

    private PythonJson() {}

    /** Makes bytes of a value. */
    interface Encoding<T> {
        T of(@Nullable Object value) throws IOException;
    }

    /** Returns what has an encoding, encoded. */
    static byte[] bytes(@Nullable Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    static Encoded encode(@Nullable Object value) throws IOException {
        List<Attachment> attached = new ArrayList<>();
        byte[] json = AttachmentJson.write(MAPPER, value instanceof JsonNode node ? plain(node) : value, attached);
        List<ByteBuffer> copies = new ArrayList<>();
        for (Attachment attachment : attached) {
            ByteBuffer copy = ByteBuffer.allocate(Math.toIntExact(attachment.bytes()));
            attachment.writeTo(copy);
            copies.add(copy.flip());
        }
        return new Encoded(json, copies);
    }

    /** A node of bytes would write itself as text, so what holds one becomes maps and lists. */
    private static @Nullable Object plain(JsonNode node) throws IOException {
        if (node.isBinary()) {
            return node.binaryValue();
        }
        if (node instanceof POJONode embedded) {
            return embedded.getPojo();
        }
        if (node.isArray()) {
            List<@Nullable Object> list = new ArrayList<>();
            for (JsonNode item : node) {
                list.add(plain(item));
            }
            return list;
        }
        if (node.isObject()) {
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> entry : node.properties()) {
                map.put(entry.getKey(), plain(entry.getValue()));
            }
            return map;
        }
        return node;
    }

    static JsonNode decode(Encoded encoded) throws IOException {
        return encoded.attached().isEmpty()
                ? MAPPER.readTree(encoded.json())
                : (JsonNode) Objects.requireNonNull(
                        AttachmentJson.read(MAPPER, encoded.json(), JsonNode.class, encoded.attached()));
    }
}
