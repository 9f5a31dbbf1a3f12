package dev.vivarium.internal.link;

/** What a link asks of the guardian. No method blocks. */
public interface GuardianPort {

    /** Starts a process for a link that has been registered. */
    void spawn(WorkerLink link);

    /** Sends a signal to a process. */
    void signal(int slot, int incarnation, int number, boolean group);

    /** Says that the guardian does not report the end of a process that was killed. */
    void suspect(WorkerLink link);

    /** Forgets an ended link. */
    void forget(WorkerLink link);
}
