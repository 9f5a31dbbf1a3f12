package dev.vivarium.programs;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How a program comes to its outputs. */
public enum ProgramKind {
    /** It is asked for the outputs; {@code dspy.Predict}. */
    @JsonProperty("predict")
    PREDICT,
    /** It is asked for its reasoning first, which is a further output; {@code dspy.ChainOfThought}. */
    @JsonProperty("chain_of_thought")
    CHAIN_OF_THOUGHT;

    /** The output of a chain of thought that its signature does not name. */
    public static final String REASONING = "reasoning";
}
