package dev.vivarium.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.Module;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.PrimitiveArrayDeserializers;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.jsontype.TypeSerializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import com.fasterxml.jackson.databind.util.TokenBuffer;
import java.io.IOException;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * JSON with attachments: where one belongs stands a placeholder, {@code {"$attachment": [index]}} for bytes and
 * {@code {"$attachment": [index, dtype, shape]}} for an array. See PROTOCOL.md, section 11.
 */
public final class AttachmentJson {

    private static final String KEY = "$attachment";
    private static final SerializableString FIELD = new SerializedString(KEY);
    private static final byte[] MARK = ("{\"" + KEY + "\":").getBytes(StandardCharsets.US_ASCII);
    private static final Object COLLECTED = new Object();

    private AttachmentJson() {}

    /** Returns what a mapper needs to write and read attachments. */
    public static Module module() {
        SimpleModule module = new SimpleModule("vivarium-attachments");
        for (Class<?> type : ReceivedAttachment.known()) {
            add(module, type);
        }
        return module;
    }

    private static <T> void add(SimpleModule module, Class<T> type) {
        module.addSerializer(type, new Placeholder<>(type));
        module.addDeserializer(type, new Conversion<>(type));
    }

    /** Returns a writer, of a mapper with the module, that gathers the attachments of what it writes. */
    static ObjectWriter collecting(ObjectMapper mapper, List<Attachment> collected) {
        return mapper.writer().withAttribute(COLLECTED, collected);
    }

    /**
     * Encodes a value.
     *
     * @param mapper a mapper with the module
     * @param collected gets the attachments, in the order of their indexes
     * @throws IOException when it has no encoding
     */
    public static byte[] write(ObjectMapper mapper, @Nullable Object value, List<Attachment> collected)
            throws IOException {
        byte[] json = collecting(mapper, collected).writeValueAsBytes(value);
        check(json, collected.size());
        return json;
    }

    /**
     * Looks for what only looks like a placeholder. Without attachments nothing is one.
     *
     * @throws IOException when a value holds the key of placeholders itself
     */
    static void check(byte[] json, int placeholders) throws IOException {
        if (placeholders > 0 && occurrences(json) != placeholders) {
            throw new JsonMappingException(
                    null, "an object with the key '" + KEY + "' cannot travel together with bytes or arrays");
        }
    }

    private static int occurrences(byte[] json) {
        int found = 0;
        int at = 0;
        while (at <= json.length - MARK.length) {
            if (json[at] == MARK[0] && matches(json, at)) {
                found++;
                at += MARK.length;
            } else {
                at++;
            }
        }
        return found;
    }

    private static boolean matches(byte[] json, int at) {
        for (int i = 1; i < MARK.length; i++) {
            if (json[at + i] != MARK[i]) {
                return false;
            }
        }
        return true;
    }

    static void write(JsonGenerator json, Attachment attachment, List<Attachment> collected) throws IOException {
        json.writeStartObject();
        json.writeFieldName(FIELD);
        json.writeStartArray();
        json.writeNumber(collected.size());
        if (attachment.dtype().isPresent()) {
            json.writeString(attachment.dtype().get().code());
            json.writeStartArray();
            for (long length : attachment.shape()) {
                json.writeNumber(length);
            }
            json.writeEndArray();
        }
        json.writeEndArray();
        json.writeEndObject();
        collected.add(attachment);
    }

    /**
     * Decodes JSON with placeholders.
     *
     * @param mapper a mapper with the module
     * @param data the attachments
     * @return the value; what it has of attachments are copies
     * @throws IOException when it cannot be converted
     */
    public static @Nullable Object read(ObjectMapper mapper, byte[] json, Type type, List<ByteBuffer> data)
            throws IOException {
        try (JsonParser parser = mapper.getFactory().createParser(json)) {
            TokenBuffer tokens = new TokenBuffer(null, false);
            JsonToken token = parser.nextToken();
            while (token != null) {
                if (token != JsonToken.START_OBJECT) {
                    tokens.copyCurrentEvent(parser);
                    token = parser.nextToken();
                    continue;
                }
                token = parser.nextToken();
                if (token != JsonToken.FIELD_NAME || !KEY.equals(parser.currentName())) {
                    tokens.writeStartObject();
                    continue;
                }
                ReceivedAttachment received = received(parser, data);
                token = parser.nextToken();
                if (token == null && tokens.firstToken() == null && ReceivedAttachment.isKnown(type)) {
                    return received.as(type);
                }
                tokens.writeEmbeddedObject(received.plain());
            }
            if (type == RawJson.class) {
                return RawJson.of(mapper.writeValueAsBytes(mapper.readTree(tokens.asParser(mapper))));
            }
            if (type instanceof Destination) {
                throw new JsonMappingException(null, "it is neither bytes nor an array");
            }
            return mapper.readValue(
                    tokens.asParser(mapper), mapper.getTypeFactory().constructType(type));
        }
    }

    /** Reads what stands behind the key, up to the end of the object. */
    private static ReceivedAttachment received(JsonParser parser, List<ByteBuffer> data) throws IOException {
        expect(parser, JsonToken.START_ARRAY);
        expect(parser, JsonToken.VALUE_NUMBER_INT);
        int index = parser.getIntValue();
        if (index < 0 || index >= data.size()) {
            throw malformed("there is no attachment " + index + " of " + data.size());
        }
        ByteBuffer bytes = data.get(index);
        DType dtype = null;
        List<Long> shape = List.of((long) bytes.remaining());
        if (parser.nextToken() == JsonToken.VALUE_STRING) {
            String code = parser.getText();
            dtype = DType.ofCode(code).orElseThrow(() -> malformed("there is no dtype '" + code + "'"));
            shape = shape(parser);
            long wanted;
            try {
                wanted = Tensor.bytes(dtype, shape);
            } catch (IllegalArgumentException e) {
                throw malformed(String.valueOf(e.getMessage()));
            }
            if (wanted != bytes.remaining()) {
                throw malformed(ReceivedAttachment.description(dtype, shape) + " takes " + wanted + " bytes, it has "
                        + bytes.remaining());
            }
            parser.nextToken();
        }
        if (parser.currentToken() != JsonToken.END_ARRAY) {
            throw malformed("a placeholder holds index, dtype and shape");
        }
        expect(parser, JsonToken.END_OBJECT);
        return new ReceivedAttachment(dtype, shape, bytes);
    }

    private static List<Long> shape(JsonParser parser) throws IOException {
        List<Long> shape = new ArrayList<>();
        expect(parser, JsonToken.START_ARRAY);
        while (parser.nextToken() == JsonToken.VALUE_NUMBER_INT) {
            shape.add(parser.getLongValue());
        }
        return shape;
    }

    private static void expect(JsonParser parser, JsonToken token) throws IOException {
        if (parser.nextToken() != token) {
            throw malformed("a placeholder holds index, dtype and shape");
        }
    }

    private static JsonMappingException malformed(String what) {
        return new JsonMappingException(null, what);
    }

    /** Writes a value to its place beside the JSON. */
    private static final class Placeholder<T> extends StdSerializer<T> {
        private static final long serialVersionUID = 1L;

        Placeholder(Class<T> type) {
            super(type);
        }

        @Override
        public void serialize(T value, JsonGenerator json, SerializerProvider provider) throws IOException {
            @SuppressWarnings("unchecked") // Set by collecting(), and by nobody else.
            List<Attachment> collected = (List<Attachment>) provider.getAttribute(COLLECTED);
            if (collected == null) {
                throw JsonMappingException.from(json, "a " + handledType().getSimpleName() + " has no place in JSON");
            }
            write(json, Attachment.of(value).orElseThrow(), collected);
        }

        @Override
        public void serializeWithType(
                T value, JsonGenerator json, SerializerProvider provider, TypeSerializer typeSerializer)
                throws IOException {
            serialize(value, json, provider); // What it is needs no telling.
        }
    }

    /** Takes what was put in the place of a placeholder. */
    private static final class Conversion<T> extends StdDeserializer<T> {
        private static final long serialVersionUID = 1L;

        private final Class<T> type;
        private final transient @Nullable JsonDeserializer<?> otherwise;

        Conversion(Class<T> type) {
            super(type);
            this.type = type;
            this.otherwise = type.isArray() ? PrimitiveArrayDeserializers.forType(type.getComponentType()) : null;
        }

        @Override
        public @Nullable T deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            if (parser.currentToken() == JsonToken.VALUE_EMBEDDED_OBJECT) {
                return type.cast(converted(parser.getEmbeddedObject()));
            }
            if (type == ByteBuffer.class) {
                return type.cast(ByteBuffer.wrap(parser.getBinaryValue()));
            }
            return type.cast(
                    otherwise == null
                            ? context.handleUnexpectedToken(type, parser)
                            : otherwise.deserialize(parser, context));
        }

        private Object converted(Object value) throws IOException {
            if (type.isInstance(value)) {
                return value;
            }
            if (value instanceof Tensor tensor) {
                return new ReceivedAttachment(tensor.dtype(), tensor.shape(), tensor.buffer()).as(type);
            }
            byte[] bytes = (byte[]) value;
            return new ReceivedAttachment(null, List.of((long) bytes.length), ByteBuffer.wrap(bytes)).as(type);
        }
    }
}
