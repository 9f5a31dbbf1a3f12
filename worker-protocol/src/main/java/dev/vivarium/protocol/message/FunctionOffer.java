package dev.vivarium.protocol.message;

/**
 * How handlers may call functions of the JVM's.
 *
 * @param maxBytes the most bytes that the encoded arguments, and the encoded result, of a callback have
 */
public record FunctionOffer(int maxBytes) {}
