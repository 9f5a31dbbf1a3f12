package dev.vivarium.programs;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * An input or an output of a program.
 *
 * @param name letters, digits and underscores, beginning with a letter; at most 64 characters
 * @param type what its value is
 * @param description what it means, for the language model; at most 1,000 characters
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record ProgramField(
        @JsonProperty("name") String name,
        @JsonProperty("type") FieldType type,
        @JsonProperty("description") String description) {

    /** Creates a field of text without a description. */
    public static ProgramField text(String name) {
        return new ProgramField(name, FieldType.TEXT, "");
    }
}
