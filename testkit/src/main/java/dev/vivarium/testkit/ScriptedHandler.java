package dev.vivarium.testkit;

/** A handler of a scripted worker. Called on a worker's thread, or on the slot's actor in layer FAKE; must not block. */
@FunctionalInterface
public interface ScriptedHandler {
    /** Returns what the handler does with a call. Whatever it throws becomes a Python exception. */
    Reaction on(Invocation call);

    /** Returns whether it is a generator, so that it can only be called as a stream. */
    default boolean isGenerator() {
        return false;
    }

    /** Returns the effects that it declares, as {@code @handler(effects=...)} does; the empty string for nothing. */
    default String effects() {
        return "";
    }
}
