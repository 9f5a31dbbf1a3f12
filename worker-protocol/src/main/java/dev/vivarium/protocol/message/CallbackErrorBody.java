package dev.vivarium.protocol.message;

import java.util.List;

/**
 * CALLBACK_ERROR: why a handler gets no result of a function that it called.
 *
 * @param kind what kind of failure
 * @param type the class of what the function threw; empty where it threw nothing
 * @param message its message, or what failed, with the limit and the value where there are such
 * @param known the names of the functions there are, where that is what failed; else empty
 */
public record CallbackErrorBody(CallbackErrorKind kind, String type, String message, List<String> known) {

    /** The most characters of a text. */
    public static final int MAX_TEXT = 8192;

    /** The most names that are told. */
    public static final int MAX_KNOWN = 100;

    /** Cuts what is too long. */
    public CallbackErrorBody {
        type = cut(type);
        message = cut(message);
        known = List.copyOf(known.subList(0, Math.min(known.size(), MAX_KNOWN)));
    }

    private static String cut(String text) {
        return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT - 1) + "…";
    }
}
