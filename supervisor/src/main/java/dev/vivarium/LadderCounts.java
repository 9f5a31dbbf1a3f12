package dev.vivarium;

/**
 * How often each rung of the timeout ladder was taken since the start of the pool; see {@link LadderRung}.
 *
 * @param stacksRead how often a process was asked what its threads do
 * @param cancelled how often a handler was cancelled
 * @param terminated how often a process group got SIGTERM
 * @param killed how often a process group got SIGKILL because of a call
 */
public record LadderCounts(long stacksRead, long cancelled, long terminated, long killed) {

    /** Returns the count of one rung. */
    public long of(LadderRung rung) {
        return switch (rung) {
            case READ_STACKS -> stacksRead;
            case CANCEL -> cancelled;
            case TERMINATE -> terminated;
            case KILL -> killed;
        };
    }
}
