package dev.vivarium.programs;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a session has, and has had.
 *
 * @param session its name
 * @param programs programs that it has
 * @param created programs that were created in it, since the last reset
 * @param executed executions that were answered
 * @param deleted programs that were deleted
 * @param backend what programs are run with
 * @param model the language model that the pool has set; null without one
 * @param worker the worker that was asked
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record ProgramStats(
        @JsonProperty("session") String session,
        @JsonProperty("programs") int programs,
        @JsonProperty("created") long created,
        @JsonProperty("executed") long executed,
        @JsonProperty("deleted") long deleted,
        @JsonProperty("backend") Backend backend,
        @JsonProperty("model") @Nullable String model,
        @JsonProperty("worker") WorkerCounts worker) {

    /**
     * What one worker process has done for programs since it started.
     *
     * @param id its name, {@code pool/slot}
     * @param calls calls within sessions
     * @param errors executions that the backend failed
     * @param uptime how long it has had the handlers
     */
    public record WorkerCounts(String id, long calls, long errors, Duration uptime) {
        @JsonCreator
        static WorkerCounts of(
                @JsonProperty("id") String id,
                @JsonProperty("calls") long calls,
                @JsonProperty("errors") long errors,
                @JsonProperty("uptime") long uptime) {
            return new WorkerCounts(id, calls, errors, Duration.ofMillis(uptime));
        }
    }
}
