package dev.vivarium;

/** A POSIX signal that can be sent to a worker, with its number on Linux. */
public enum Signal {
    HUP(1),
    INT(2),
    QUIT(3),
    ILL(4),
    ABRT(6),
    BUS(7),
    FPE(8),
    KILL(9),
    USR1(10),
    SEGV(11),
    USR2(12),
    TERM(15),
    CONT(18),
    STOP(19);

    private final int number;

    Signal(int number) {
        this.number = number;
    }

    /** Returns the signal's number on Linux. */
    public int number() {
        return number;
    }
}
