package dev.vivarium.programs;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A program as its session has it.
 *
 * @param id names it within its session
 * @param kind how it comes to its outputs
 * @param inputs what it needs
 * @param outputs what it gives, apart from a chain's reasoning
 * @param instructions those for the language model; empty without any
 * @param createdAt by the clock of the worker that created it
 * @param executions how often it was executed and answered
 * @param executedAt when that was last; null when it never was
 */
public record Program(
        String id,
        ProgramKind kind,
        List<ProgramField> inputs,
        List<ProgramField> outputs,
        String instructions,
        Instant createdAt,
        long executions,
        @Nullable Instant executedAt) {

    /** Copies the lists. */
    public Program {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    @JsonCreator
    static Program of(
            @JsonProperty("id") String id,
            @JsonProperty("kind") ProgramKind kind,
            @JsonProperty("inputs") List<ProgramField> inputs,
            @JsonProperty("outputs") List<ProgramField> outputs,
            @JsonProperty("instructions") String instructions,
            @JsonProperty("created") long created,
            @JsonProperty("executions") long executions,
            @JsonProperty("executed") @Nullable Long executed) {
        return new Program(
                id,
                kind,
                inputs,
                outputs,
                instructions,
                Instant.ofEpochMilli(created),
                executions,
                executed == null ? null : Instant.ofEpochMilli(executed));
    }
}
