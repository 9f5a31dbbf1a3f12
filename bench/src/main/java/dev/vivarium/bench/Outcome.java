package dev.vivarium.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.time.Duration;

/** What came of a measurement. */
public sealed interface Outcome permits Report, LoadOutcome {

    /** Returns it for people: some lines, with the last line's end. */
    String text();

    /**
     * Returns it for programs: a JSON object with the fields of the record, all names in small letters with underscores, and
     * durations as in ISO 8601.
     */
    default String json() {
        try {
            return new ObjectMapper()
                            .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                            .enable(SerializationFeature.INDENT_OUTPUT)
                            .registerModule(
                                    new SimpleModule().addSerializer(Duration.class, ToStringSerializer.instance))
                            .writeValueAsString(this)
                    + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e); // It is made of numbers and texts.
        }
    }
}
