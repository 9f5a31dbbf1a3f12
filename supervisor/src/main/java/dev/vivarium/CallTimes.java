package dev.vivarium;

import java.time.Duration;

/**
 * How long a pool's calls have waited and taken, summed up since its start. Two readings give the mean of what lies between.
 *
 * @param leased accepted calls that were given to a worker, each counted once
 * @param waited how long all of these waited for their first worker
 * @param ended accepted calls that ended, in whatever way
 * @param taken how long all of these took, from when they were made
 */
public record CallTimes(long leased, Duration waited, long ended, Duration taken) {}
