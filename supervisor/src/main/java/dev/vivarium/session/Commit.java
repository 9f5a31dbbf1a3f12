package dev.vivarium.session;

import dev.vivarium.SessionRefused;

/** How writing a session ended. */
public sealed interface Commit {

    /** It was written, as durably as the store promises. */
    record Committed(SessionRecord record) implements Commit {}

    /**
     * It was not written: the stored revision is not the expected one.
     *
     * @param revision the stored revision, 0 when there is none
     */
    record Conflict(long revision) implements Commit {}

    /**
     * It was not written: a limit would be exceeded.
     *
     * @param limit the limit
     * @param size what there would be
     */
    record Refused(SessionRefused.Reason reason, long limit, long size) implements Commit {}
}
