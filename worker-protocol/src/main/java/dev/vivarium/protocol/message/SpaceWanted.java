package dev.vivarium.protocol.message;

import java.util.List;

/**
 * SPACE_WANTED: a worker has no segment that its result fits in.
 *
 * @param bytes what the result takes, without the segment's header
 * @param returned the numbers of segments that it has let go of
 */
public record SpaceWanted(long bytes, List<Long> returned) {}
