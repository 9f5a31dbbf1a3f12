package dev.vivarium.protocol.message;

/**
 * A handler that a worker has loaded.
 *
 * @param name the name to call it by
 * @param signature its Python signature, such as {@code (path: str) -> dict}
 * @param doc the first line of its docstring, or the empty string
 * @param effects {@link #SESSION_ONLY} when it declares that it changes nothing but its session; the empty string when it
 *     declares nothing
 */
public record HandlerInfo(String name, String signature, String doc, String effects) {

    /** The declaration of a handler that has no effect but on its session. */
    public static final String SESSION_ONLY = "session";
}
