package dev.vivarium;

import dev.vivarium.protocol.Execution;

/**
 * One try of a call that came to nothing: it ended with its worker, or its handler asked to be called again later.
 *
 * @param worker the slot
 * @param incarnation the process
 * @param cause why the process ended; {@link TransitionCause#RELEASED} when it did not, and serves on
 * @param execution whether the handler ran in this attempt
 */
public record CallAttempt(WorkerId worker, int incarnation, TransitionCause cause, Execution execution) {}
