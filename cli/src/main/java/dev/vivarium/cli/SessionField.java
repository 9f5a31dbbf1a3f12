package dev.vivarium.cli;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.vivarium.PythonCall;
import dev.vivarium.protocol.RawJson;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Groups inputs into sessions by one of their fields, which stays an argument. */
final class SessionField {

    private static final int LONGEST_NAME = 256;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private final String field;

    SessionField(String field) {
        this.field = field;
    }

    /** Returns the record with its session, or why it has none. */
    InputRecord apply(InputRecord record) throws IOException {
        if (!(record instanceof InputRecord.Call call)) {
            return record;
        }
        String session = session(call.call());
        if (session == null) {
            return new InputRecord.Malformed(
                    call.line(), "it has no text or number in '" + field + "', which names its session");
        }
        if (session.isEmpty() || session.length() > LONGEST_NAME) {
            return new InputRecord.Malformed(
                    call.line(),
                    "'" + field + "' names its session and has 1 to " + LONGEST_NAME + " characters, got "
                            + session.length());
        }
        return new InputRecord.Call(call.line(), call.call(), session);
    }

    private @Nullable String session(PythonCall<RawJson> call) throws IOException {
        RawJson object = call.rawKeywords().orElse(null);
        if (object == null) {
            Object value = call.keywords().get(field);
            return value == null ? null : value.toString();
        }
        JsonNode value = JSON.readTree(object.utf8()).get(field);
        return value != null && (value.isTextual() || value.isNumber()) ? value.asText() : null;
    }
}
