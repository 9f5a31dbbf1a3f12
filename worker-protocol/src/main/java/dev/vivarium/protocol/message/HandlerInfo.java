package dev.vivarium.protocol.message;

/**
 * A handler that a worker has loaded.
 *
 * @param name the name to call it by
 * @param signature its Python signature, such as {@code (path: str) -> dict}
 * @param doc the first line of its docstring, or the empty string
 */
public record HandlerInfo(String name, String signature, String doc) {}
