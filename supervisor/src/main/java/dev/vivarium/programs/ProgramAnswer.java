package dev.vivarium.programs;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the execution of a program gave.
 *
 * @param id the program
 * @param outputs by name
 * @param backend what they are from
 * @param model the language model that the pool has set; null without one. The local predictor does not ask it
 * @param took how long the backend took
 */
public record ProgramAnswer(
        String id,
        Map<String, JsonNode> outputs,
        Backend backend,
        @Nullable String model,
        Duration took) {

    /** Copies the map. */
    public ProgramAnswer {
        outputs = Map.copyOf(outputs);
    }

    @JsonCreator
    static ProgramAnswer of(
            @JsonProperty("id") String id,
            @JsonProperty("outputs") Map<String, JsonNode> outputs,
            @JsonProperty("backend") Backend backend,
            @JsonProperty("model") @Nullable String model,
            @JsonProperty("micros") long micros) {
        return new ProgramAnswer(id, outputs, backend, model, Duration.ofNanos(micros * 1000));
    }

    /**
     * Returns an output as text: a text as it is, everything else as JSON.
     *
     * @throws IllegalArgumentException when there is none of that name
     */
    public String text(String output) {
        JsonNode value = outputs.get(output);
        if (value == null) {
            throw new IllegalArgumentException(
                    "program '" + id + "' has no output '" + output + "'; its outputs are " + outputs.keySet());
        }
        return value.isTextual() ? value.textValue() : value.toString();
    }
}
