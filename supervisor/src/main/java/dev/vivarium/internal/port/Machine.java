package dev.vivarium.internal.port;

/**
 * The machine that a pool runs on, so that tests can put another in its place.
 *
 * @param clock the time
 * @param entropy randomness
 * @param processes how processes are started
 */
public record Machine(Clock clock, Entropy entropy, ProcessLauncher processes) {

    /** Returns the machine that this JVM runs on. */
    public static Machine system() {
        return new Machine(Clock.system(), Entropy.system(), ProcessLauncher.system());
    }
}
