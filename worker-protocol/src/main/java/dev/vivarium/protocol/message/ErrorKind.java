package dev.vivarium.protocol.message;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The kinds of ERROR; see PROTOCOL.md section 6. */
public enum ErrorKind {
    @JsonProperty("handler")
    HANDLER,
    @JsonProperty("unknown_handler")
    UNKNOWN_HANDLER,
    @JsonProperty("bad_arguments")
    BAD_ARGUMENTS,
    @JsonProperty("undecodable_arguments")
    UNDECODABLE_ARGUMENTS,
    @JsonProperty("unencodable_result")
    UNENCODABLE_RESULT,
    @JsonProperty("result_too_large")
    RESULT_TOO_LARGE,
    @JsonProperty("cancelled")
    CANCELLED,
    @JsonProperty("expired")
    EXPIRED,
    @JsonProperty("session_open")
    SESSION_OPEN,
    @JsonProperty("unencodable_state")
    UNENCODABLE_STATE,
    @JsonProperty("state_too_large")
    STATE_TOO_LARGE,
    @JsonProperty("stream_only")
    STREAM_ONLY,
    @JsonProperty("load")
    LOAD,
    @JsonProperty("negotiation")
    NEGOTIATION
}
