package dev.vivarium.programs;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * What a worker runs programs with.
 *
 * @param worker its name, {@code pool/slot}
 * @param backend what it runs programs with
 * @param model the language model that the pool has set; null without one
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record ProgramsWorker(
        @JsonProperty("worker") String worker,
        @JsonProperty("backend") Backend backend,
        @JsonProperty("model") @Nullable String model) {}
