package dev.vivarium;

import java.time.Duration;

/**
 * When a call counts as poison: it ends the processes that run it. Only ends that begin in the process count; a process
 * killed from outside says nothing against its call. Immutable; every method returns a changed copy.
 *
 * @param deaths processes that one call may end before it is refused, 1 to 1,000
 * @param forgetAfter how long equal calls (same handler, same arguments) are refused or held against each other, 10 ms to 30
 *     days
 */
public record PoisonPolicy(int deaths, Duration forgetAfter) {

    /** Three deaths; forgotten after ten minutes. */
    public static final PoisonPolicy DEFAULT = new PoisonPolicy(3, Duration.ofMinutes(10));

    /** Sets how many processes a call may end. */
    public PoisonPolicy deaths(int value) {
        return new PoisonPolicy(value, forgetAfter);
    }

    /** Sets when deaths are forgotten. */
    public PoisonPolicy forgetAfter(Duration value) {
        return new PoisonPolicy(deaths, value);
    }
}
