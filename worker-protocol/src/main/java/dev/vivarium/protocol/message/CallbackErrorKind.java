package dev.vivarium.protocol.message;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The kinds of CALLBACK_ERROR; see PROTOCOL.md, section 12. */
public enum CallbackErrorKind {
    /** The function threw, or its stage failed. */
    @JsonProperty("function")
    FUNCTION,
    /** No function has that name. */
    @JsonProperty("unknown_function")
    UNKNOWN_FUNCTION,
    /** The function's result has no encoding. */
    @JsonProperty("unencodable_result")
    UNENCODABLE_RESULT,
    /** The encoded result is over the limit. */
    @JsonProperty("result_too_large")
    RESULT_TOO_LARGE,
    /** As many callbacks as may be are in flight. */
    @JsonProperty("too_many")
    TOO_MANY,
    /** The deadline of the call has passed. */
    @JsonProperty("timed_out")
    TIMED_OUT,
    /** The call has ended for its caller, or nobody is left who could run the function. */
    @JsonProperty("refused")
    REFUSED
}
