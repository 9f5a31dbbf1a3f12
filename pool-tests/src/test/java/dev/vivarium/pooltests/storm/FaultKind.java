package dev.vivarium.pooltests.storm;

/** What can befall a worker. */
enum FaultKind {
    /** SIGKILL from outside. */
    SIGKILL(2),
    /** SIGSTOP from outside, and SIGCONT two seconds later. */
    SIGSTOP(2),
    /** A read from address 0 in the handler. */
    SIGSEGV(2),
    /** {@code os._exit} in the handler. */
    EXIT(2),
    /** A handler that loops in Python. Seldom: it takes a worker for the whole deadline. */
    HANG_PYTHON(1),
    /** A handler that waits in C with the interpreter lock held. As seldom. */
    HANG_C(1),
    /** 100 MB to standard output. */
    STDOUT(2),
    /** Much memory taken, held and let go. */
    BALLOON(2);

    private final int weight;

    FaultKind(int weight) {
        this.weight = weight;
    }

    /** Returns how many of each deck of faults are of this kind. */
    int weight() {
        return weight;
    }

    /** Returns whether the call that carries it can only end at its deadline. */
    boolean hangs() {
        return this == HANG_PYTHON || this == HANG_C;
    }

    boolean isFromOutside() {
        return this == SIGKILL || this == SIGSTOP;
    }
}
