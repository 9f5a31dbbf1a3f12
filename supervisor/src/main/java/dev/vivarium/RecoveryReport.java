package dev.vivarium;

/**
 * Calls that lost a worker and were tried again, since the pool's start. {@code begun} is the sum of the others.
 *
 * @param begun calls that were to be tried again, each counted once
 * @param answered those that got an answer in the end, a result or what their handler raised
 * @param failed those that failed all the same
 * @param cancelled those that were cancelled
 * @param underWay those that have not ended
 */
public record RecoveryReport(long begun, long answered, long failed, long cancelled, long underWay) {}
