package dev.vivarium.internal.core;

import dev.vivarium.TransitionCause;

/** Something that a worker slot has to answer to. */
public sealed interface SlotEvent {

    /** An event of one incarnation; it does nothing once another is current. */
    sealed interface OfIncarnation extends SlotEvent {
        /** Returns the incarnation that the event belongs to. */
        int incarnation();
    }

    /** The pool needs this slot to run. */
    record Wanted() implements SlotEvent {}

    /** The slot shall end, after its call if it has one. */
    record Unwanted(TransitionCause cause) implements SlotEvent {}

    /** The slot shall end now. */
    record EndNow(TransitionCause cause) implements SlotEvent {}

    /** The process could not be started. */
    record SpawnRefused(int incarnation) implements OfIncarnation {}

    /** The process said hello. */
    record Hello(int incarnation) implements OfIncarnation {}

    /** The handlers are loaded. */
    record Loaded(int incarnation) implements OfIncarnation {}

    /** The handlers could not be loaded; the process ends by itself. */
    record LoadFailed(int incarnation) implements OfIncarnation {}

    /** The router leased the worker to a call. */
    record Leased(int incarnation, long callId) implements OfIncarnation {}

    /** The worker answered its call. */
    record Answered(int incarnation, long callId) implements OfIncarnation {}

    /** The call's deadline has passed. */
    record DeadlinePassed(int incarnation, long callId) implements OfIncarnation {}

    /** It has been read what the worker's threads do. */
    record StacksRead(int incarnation) implements OfIncarnation {}

    /** The call ended for its caller without an answer: it was cancelled. */
    record CallOver(int incarnation, long callId) implements OfIncarnation {}

    /** The worker answered a health check. */
    record Pong(int incarnation) implements OfIncarnation {}

    /** The worker broke the protocol. */
    record Violated(int incarnation) implements OfIncarnation {}

    /** The worker's data channel ended. */
    record ChannelClosed(int incarnation) implements OfIncarnation {}

    /** The process has ended, and this is why by its exit status. */
    record Exited(int incarnation, TransitionCause cause) implements OfIncarnation {}

    /** The guardian died, and the process with it. */
    record GuardianLost(int incarnation) implements OfIncarnation {}

    /** A timer that the core started has run out. */
    record TimerFired(int incarnation, Timer timer) implements OfIncarnation {}

    /** The timers of a slot; each kind runs at most once at a time. */
    enum Timer {
        /** Limits the time to hello. */
        CONNECT,
        /** Limits the time of loading. */
        LOAD,
        /** Limits how long a worker may go on with a call that is over for its caller. */
        FENCE,
        /** Limits how long it may take to read what a worker's threads do. */
        STACKS,
        /** Limits how long a process may take to end that was asked to because of a call. */
        TERMINATE,
        /** Limits how long a process may take to end. */
        EXIT,
        /** Separates failed starts. */
        BACKOFF,
        /** Separates health checks. */
        HEALTH,
        /** Limits the answer to a health check. */
        PONG
    }
}
