package dev.vivarium.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.protocol.message.CallbackErrorBody;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a scripted handler gets of a function of the JVM's that it called.
 *
 * @param number the callback's number
 * @param value what the function returned; null when it did not
 * @param error why there is no result; null when there is one
 */
public record CallbackResult(
        long number, @Nullable JsonNode value, @Nullable CallbackErrorBody error) {

    /** Goes on with the result, or raises what a Python handler that does not catch the error lets through. */
    public Reaction orRaise(Function<JsonNode, Reaction> then) {
        return value != null ? then.apply(value) : new Reaction.LetThrough(this);
    }

    /** Returns the name of the class of the exception in Python, without its module; the empty text for a result. */
    public String pythonType() {
        if (error == null) {
            return "";
        }
        return switch (error.kind()) {
            case FUNCTION -> "CallbackFailed";
            case UNKNOWN_FUNCTION -> "UnknownFunction";
            case UNENCODABLE_RESULT -> "CallbackNotEncodable";
            case RESULT_TOO_LARGE -> "CallbackTooLarge";
            case TIMED_OUT -> "CallbackTimedOut";
            case TOO_MANY, REFUSED -> "CallbackRefused";
        };
    }

    /** Returns the exception's text in Python; the empty text for a result. */
    public String pythonMessage() {
        if (error == null) {
            return "";
        }
        return error.type().isEmpty() ? error.message() : error.type() + ": " + error.message();
    }
}
