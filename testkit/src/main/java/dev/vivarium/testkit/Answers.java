package dev.vivarium.testkit;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import dev.vivarium.PythonCall;
import dev.vivarium.protocol.Attachment;
import dev.vivarium.protocol.RawJson;
import dev.vivarium.protocol.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Knows which handlers of the kit give back one of their arguments, and compares as JSON. */
final class Answers {

    private record Given(int position, String keyword) {}

    private static final Map<String, Given> GIVEN =
            Map.of("echo", new Given(0, "value"), "slow", new Given(1, "value"), "held", new Given(1, "value"));

    private static final ObjectMapper JSON = new ObjectMapper()
            .findAndRegisterModules()
            .registerModule(new SimpleModule().addSerializer(new Raw()).addSerializer(new Numbers()));

    private static final String DTYPE = "dtype";

    /** Tensors whose elements are equal look equal, whatever the order of their bytes. */
    private static final class Numbers extends StdSerializer<Tensor> {
        private static final long serialVersionUID = 1;

        Numbers() {
            super(Tensor.class);
        }

        @Override
        public void serialize(Tensor value, JsonGenerator to, SerializerProvider provider) throws IOException {
            Attachment attachment = Attachment.of(value).orElseThrow();
            byte[] elements = new byte[(int) attachment.bytes()];
            attachment.writeTo(ByteBuffer.wrap(elements));
            to.writeStartObject();
            to.writeStringField(DTYPE, value.dtype().code());
            to.writePOJOField("shape", value.shape());
            to.writeBinaryField("elements", elements);
            to.writeEndObject();
        }
    }

    private static final class Raw extends StdSerializer<RawJson> {
        private static final long serialVersionUID = 1;

        Raw() {
            super(RawJson.class);
        }

        @Override
        public void serialize(RawJson value, JsonGenerator to, SerializerProvider provider) throws IOException {
            to.writeRawValue(new String(value.utf8(), StandardCharsets.UTF_8));
        }
    }

    private Answers() {}

    /** Returns whether a value may be the answer of a call; true where that cannot be known. */
    static boolean mayBe(PythonCall<?> call, @Nullable Object value) {
        Given given = GIVEN.get(call.handler());
        if (given == null) {
            return true;
        }
        try {
            Optional<JsonNode> argument = argument(call, given);
            if (argument.isEmpty() || value instanceof ByteBuffer) {
                return true; // A buffer may have been read by now.
            }
            if (value instanceof Tensor) {
                return !argument.get().has(DTYPE) || argument.get().equals(tree(value));
            }
            return read(argument.get(), call, value).equals(tree(value));
        } catch (JsonProcessingException | IllegalArgumentException incomparable) {
            return true; // Only the test's own types know how they look as JSON.
        }
    }

    private static Optional<JsonNode> argument(PythonCall<?> call, Given given) throws JsonProcessingException {
        if (call.positional().size() > given.position()) {
            return Optional.of(tree(call.positional().get(given.position())));
        }
        if (call.keywords().containsKey(given.keyword())) {
            return Optional.of(tree(call.keywords().get(given.keyword())));
        }
        return call.rawKeywords().isPresent()
                ? Optional.ofNullable(tree(call.rawKeywords().get()).get(given.keyword()))
                : Optional.empty();
    }

    /** Reads an argument as the caller has its answer read, and returns that as JSON: reading may lose some of it. */
    private static JsonNode read(JsonNode argument, PythonCall<?> call, @Nullable Object value)
            throws JsonProcessingException {
        return value instanceof RawJson || value instanceof JsonNode
                ? argument
                : tree(JSON.convertValue(argument, JSON.constructType(call.resultType())));
    }

    /** By way of text: trees of equal JSON differ by the Java types of their numbers. */
    private static JsonNode tree(@Nullable Object value) throws JsonProcessingException {
        return JSON.readTree(JSON.writeValueAsString(value));
    }
}
