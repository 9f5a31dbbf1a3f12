package dev.vivarium.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The codec {@code json}, on Jackson. Bare NaN and Infinity both ways, integers exact, dates as ISO-8601 strings, bytes and
 * arrays of numbers beside the JSON; see PROTOCOL.md, sections 5 and 10.
 */
public final class JsonCodec implements Codec {

    /** How deep arrays and objects may be nested. */
    public static final int MAX_NESTING = 1000;

    private final ObjectMapper mapper;
    private final Map<Type, ObjectReader> readers = new ConcurrentHashMap<>();

    /**
     * Creates the codec.
     *
     * @param base the mapper whose modules and settings are used; it is copied, and the copy is made strict
     * @param limits a string may be as long as a body
     */
    public JsonCodec(ObjectMapper base, Limits limits) {
        mapper = base.copy()
                .registerModule(new JavaTimeModule())
                .registerModule(new Jdk8Module())
                .registerModule(AttachmentJson.module())
                .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
                .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                .disable(DeserializationFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE);
        mapper.getFactory().configure(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS.mappedFeature(), true);
        mapper.getFactory().configure(JsonWriteFeature.WRITE_NAN_AS_STRINGS.mappedFeature(), false);
        mapper.getFactory()
                .setStreamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(MAX_NESTING)
                        .maxStringLength(Math.max(limits.maxBodyBytes(), 1))
                        .maxNumberLength(Math.max(limits.maxBodyBytes(), 1))
                        .build());
    }

    @Override
    public String name() {
        return "json";
    }

    @Override
    public byte[] encodeCall(
            String handler,
            List<? extends @Nullable Object> positional,
            Map<String, ? extends @Nullable Object> keywords,
            List<Attachment> attached)
            throws CodecException {
        return encode(handler, positional, keywords, null, attached);
    }

    @Override
    public byte[] encodeCall(
            String handler, List<? extends @Nullable Object> positional, RawJson keywords, List<Attachment> attached)
            throws CodecException {
        return encode(handler, positional, Map.of(), keywords, attached);
    }

    private byte[] encode(
            String handler,
            List<? extends @Nullable Object> positional,
            Map<String, ? extends @Nullable Object> keywords,
            @Nullable RawJson rawKeywords,
            List<Attachment> attached)
            throws CodecException {
        ByteArrayBuilder bytes = new ByteArrayBuilder(256);
        try (JsonGenerator json = mapper.getFactory().createGenerator(bytes)) {
            json.writeStartArray();
            json.writeString(handler);
            json.writeStartArray();
            for (Object value : positional) {
                write(json, value, attached);
            }
            json.writeEndArray();
            if (rawKeywords != null) {
                json.writeRawValue(rawKeywords.toString());
            } else {
                json.writeStartObject();
                for (Map.Entry<String, ? extends @Nullable Object> entry : keywords.entrySet()) {
                    json.writeFieldName(entry.getKey());
                    write(json, entry.getValue(), attached);
                }
                json.writeEndObject();
            }
            json.writeEndArray();
            json.flush();
            byte[] body = bytes.toByteArray();
            AttachmentJson.check(body, attached.size());
            return body;
        } catch (IOException e) {
            throw new CodecException("the arguments of '" + handler + "' cannot be encoded: " + e.getMessage(), e);
        }
    }

    @Override
    public byte[] encode(@Nullable Object value) throws CodecException {
        if (value instanceof RawJson raw) {
            return raw.utf8();
        }
        try {
            return mapper.writeValueAsBytes(value);
        } catch (IOException e) {
            throw new CodecException("the value cannot be encoded: " + e.getMessage(), e);
        }
    }

    private void write(JsonGenerator json, @Nullable Object value, List<Attachment> attached) throws IOException {
        if (value instanceof RawJson raw) {
            json.writeRawValue(raw.toString());
        } else if (value instanceof String text) {
            json.writeString(text);
        } else {
            AttachmentJson.collecting(mapper, attached).writeValue(json, value);
        }
    }

    @Override
    public @Nullable Object decode(byte[] body, Type type, List<ByteBuffer> attached) throws CodecException {
        if (!attached.isEmpty() || type instanceof Destination) {
            try {
                return AttachmentJson.read(mapper, body, type, attached);
            } catch (IOException | RuntimeException e) {
                throw inconvertible(type, e);
            }
        }
        if (type == RawJson.class) {
            return RawJson.of(body);
        }
        try {
            return readers.computeIfAbsent(type, this::reader).readValue(body);
        } catch (IOException | RuntimeException e) {
            throw inconvertible(type, e);
        }
    }

    @Override
    public CalledFunction decodeCalled(byte[] body, int from) throws CodecException {
        JsonNode call;
        try {
            call = mapper.readerFor(JsonNode.class).readValue(body, from, body.length - from);
        } catch (IOException | RuntimeException e) {
            throw new CodecException("what a function was called with cannot be read: " + e.getMessage(), e);
        }
        JsonNode positional = call.path(1);
        JsonNode keywords = call.path(2);
        if (call.size() != 3 || !call.path(0).isTextual() || !positional.isArray() || !keywords.isObject()) {
            throw new CodecException("a function is called with its name, an array and an object", null);
        }
        List<JsonNode> values = new ArrayList<>(positional.size());
        positional.forEach(values::add);
        Map<String, JsonNode> named = new LinkedHashMap<>();
        keywords.properties().forEach(entry -> named.put(entry.getKey(), entry.getValue()));
        return new CalledFunction(call.path(0).textValue(), values, named);
    }

    @Override
    public @Nullable Object convert(JsonNode value, Type type) throws CodecException {
        try {
            JavaType javaType = mapper.getTypeFactory().constructType(type);
            return value.isNull() && !javaType.isPrimitive() && !javaType.hasRawClass(JsonNode.class)
                    ? null
                    : mapper.readerFor(javaType).readValue(value);
        } catch (IOException | RuntimeException e) {
            throw new CodecException("it cannot be converted to " + type.getTypeName() + ": " + e.getMessage(), e);
        }
    }

    private static CodecException inconvertible(Type type, Exception e) {
        return new CodecException("the result cannot be converted to " + type.getTypeName() + ": " + e.getMessage(), e);
    }

    private ObjectReader reader(Type type) {
        JavaType javaType = mapper.getTypeFactory().constructType(type);
        return mapper.readerFor(javaType);
    }
}
