package dev.vivarium.pooltests.storm;

/**
 * A fault for a call to carry to its handler.
 *
 * @param kind what it does
 * @param number its number
 */
record Fault(FaultKind kind, int number) {

    /** Returns the name by which the handler claims it. */
    String name() {
        return kind + "." + number;
    }
}
