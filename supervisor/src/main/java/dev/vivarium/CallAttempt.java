package dev.vivarium;

import dev.vivarium.protocol.Execution;

/**
 * One try of a call that ended with its worker.
 *
 * @param worker the slot
 * @param incarnation the process
 * @param cause why the process ended
 * @param execution whether the handler ran in this attempt
 */
public record CallAttempt(WorkerId worker, int incarnation, TransitionCause cause, Execution execution) {}
