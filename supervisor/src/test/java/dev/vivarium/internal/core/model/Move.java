package dev.vivarium.internal.core.model;

/**
 * One step of a pool.
 *
 * @param kind what happens
 * @param who the slot or the call that it happens to
 * @param what the sender or the timer, by its ordinal, where the kind needs one
 */
record Move(Kind kind, int who, int what) {

    /** What can happen. A kind with an adversity happens only as often as the scenario allows. */
    enum Kind {
        /** A slot takes a message of one sender. */
        SLOT_RECEIVES,
        /** The router takes a slot's message, a caller's, the pool's. */
        ROUTER_RECEIVES_FROM_SLOT,
        ROUTER_RECEIVES_FROM_CALLER,
        ROUTER_RECEIVES_FROM_POOL,
        /** A caller makes its call. */
        CALLS,
        /** The router takes the next step with a call that lost its worker: asks what becomes of it, and does it. */
        ROUTER_DECIDES,
        /** The delay of a call is over. */
        RETRY_DUE,
        /** The pool wants a slot because a call waits. */
        WANTED,
        /** Time goes on to the next deadline; the timers that follow from it. */
        TIME_PASSES,
        ROUTER_DEADLINE,
        SLOT_DEADLINE,
        /** A timer of a slot fires. */
        TIMER,
        /** What a process and its link do when all is well. */
        BORN,
        SAYS_HELLO,
        LOADS,
        TAKES_FRAME,
        REPLIES,
        REPLY_READ,
        STRAGGLING_REPLY_READ,
        STRAGGLING_REPLY_DROPPED,
        ANSWERS_PING,
        KILL_STRIKES,
        CHANNEL_END_READ,
        EXIT_REPORTED,
        SPAWN_WITHDRAWN,
        /** The second half of a cancellation: the worker is told. */
        CANCEL_REACHES_WORKER,
        CRASH(Adversity.CRASH),
        KILL(Adversity.KILL),
        CANNOT_LOAD(Adversity.LOAD_FAILURE),
        SPAWN_REFUSED(Adversity.SPAWN_REFUSAL),
        VIOLATES(Adversity.VIOLATION),
        BABBLES_HELLO(Adversity.BABBLE),
        BABBLES_READY(Adversity.BABBLE),
        BABBLES_LOAD_FAILURE(Adversity.BABBLE),
        CLOSES_CHANNEL(Adversity.CLOSED_CHANNEL),
        OUTGROWS(Adversity.GREED),
        HANGS(Adversity.HANG),
        CANCEL(Adversity.CANCEL),
        DISMISS(Adversity.DISMISS),
        END_NOW(Adversity.END_NOW),
        CLOSE(Adversity.CLOSE),
        GUARDIAN_LOST(Adversity.GUARDIAN_LOST),
        HEALTH_DUE(Adversity.HEALTH_CHECK),
        PONG_OVERDUE(Adversity.MISSED_PONG),
        BAD_REPLY_READ(Adversity.OUTLIER),
        START_OVERDUE(Adversity.SLOW_START),
        EXIT_OVERDUE(Adversity.SLOW_END),
        KILL_LOST(Adversity.LOST_KILL),
        ROUTER_FAILS(Adversity.ROUTER_FAILURE),
        EXIT_REPORTED_EARLY(Adversity.EARLY_EXIT),
        ANSWERS_ASTRAY(Adversity.STRAY_ANSWER);

        final Adversity adversity;

        Kind() {
            this(null);
        }

        Kind(Adversity adversity) {
            this.adversity = adversity;
        }
    }

    @Override
    public String toString() {
        return switch (kind) {
            case SLOT_RECEIVES -> "slot " + who + " receives from " + ToSlot.Sender.values()[what];
            case TIMER, HEALTH_DUE, PONG_OVERDUE, START_OVERDUE, EXIT_OVERDUE ->
                kind + " slot " + who + " " + dev.vivarium.internal.core.SlotEvent.Timer.values()[what];
            case ROUTER_RECEIVES_FROM_CALLER, CANCEL, CANCEL_REACHES_WORKER, CALLS, RETRY_DUE -> kind + " call " + who;
            case ROUTER_RECEIVES_FROM_POOL,
                    TIME_PASSES,
                    ROUTER_DEADLINE,
                    ROUTER_DECIDES,
                    ROUTER_FAILS,
                    GUARDIAN_LOST,
                    CLOSE -> kind.toString();
            default -> kind + " slot " + who;
        };
    }
}
