package dev.vivarium.protocol.message;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.vivarium.protocol.Frame;
import dev.vivarium.protocol.ProtocolViolation;
import dev.vivarium.protocol.ProtocolViolationException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes and reads the JSON bodies of frames. Unknown keys are ignored; missing lists, maps and texts are empty. */
public final class Bodies {

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
            .build();

    // Spawn's directory; the wait that an ERROR may suggest, and the callback that it may come from.
    private static final Set<String> OPTIONAL = Set.of("directory", "retryAfterMillis", "callback");

    static {
        for (Class<?> empty : List.of(List.class, Map.class, String.class)) {
            MAPPER.configOverride(empty).setSetterInfo(JsonSetter.Value.forValueNulls(Nulls.AS_EMPTY, Nulls.SKIP));
        }
    }

    private Bodies() {}

    /** Returns a body as JSON. */
    public static byte[] write(Object body) {
        try {
            return MAPPER.writeValueAsBytes(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Reads a frame's body.
     *
     * @throws ProtocolViolationException MALFORMED_BODY when it is not what the type asks for
     */
    public static <T> T read(Frame frame, Class<T> type) throws ProtocolViolationException {
        try {
            T body = MAPPER.readValue(frame.body(), type);
            String missing = body == null ? "everything" : missing(body);
            if (missing != null) {
                throw malformed(frame, "it lacks " + missing);
            }
            return body;
        } catch (IOException e) {
            throw malformed(frame, String.valueOf(e.getMessage()));
        }
    }

    /** Names the first component that must be there and is not. */
    private static @Nullable String missing(Object body) {
        for (RecordComponent component : body.getClass().getRecordComponents()) {
            try {
                if (!OPTIONAL.contains(component.getName())
                        && component.getAccessor().invoke(body) == null) {
                    return component.getName();
                }
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
        return null;
    }

    private static ProtocolViolationException malformed(Frame frame, String why) {
        String oneLine = why.lines().findFirst().orElse("");
        byte[] quoted = Arrays.copyOf(frame.body(), Math.min(frame.body().length, ProtocolViolation.QUOTED_BYTES));
        return new ProtocolViolationException(new ProtocolViolation(
                ProtocolViolation.Kind.MALFORMED_BODY,
                "the body of " + frame.type() + " cannot be read: " + oneLine,
                quoted));
    }
}
