package dev.vivarium.programs;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What programs are run with.
 *
 * @param name {@code dspy}, or {@code local} where that cannot be imported
 * @param version that of DSPy, or of the local predictor
 * @param deterministic whether equal inputs give equal outputs; true of the local predictor only
 * @param note says in a sentence what the outputs are from
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Backend(
        @JsonProperty("name") String name,
        @JsonProperty("version") String version,
        @JsonProperty("deterministic") boolean deterministic,
        @JsonProperty("note") String note) {}
