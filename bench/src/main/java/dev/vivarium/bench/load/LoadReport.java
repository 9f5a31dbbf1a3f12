package dev.vivarium.bench.load;

import dev.vivarium.bench.Distribution;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * What became of a load. Times of distributions are in microseconds.
 *
 * @param seed what the choices of the mix were made with
 * @param planned how many calls were due by the plan
 * @param seconds how long it took
 * @param parts each operation in each phase, in the plan's order; those of which no call was due are left out
 * @param pauses how often the generator itself did not run; see {@link Pauses}
 * @param longestPauseMillis the longest of these
 * @param firstPauses the first of these
 */
public record LoadReport(
        long seed,
        long planned,
        double seconds,
        List<Part> parts,
        long pauses,
        double longestPauseMillis,
        List<Pauses.Pause> firstPauses) {

    /**
     * One operation in one phase, which is that in which the call was due.
     *
     * @param phase the phase's name
     * @param operation the operation's name
     * @param due how many calls were due
     * @param ok how many were answered
     * @param failed how many failed
     * @param dropped how many were not made because too many were in flight
     * @param unanswered how many had no answer when patience was over
     * @param failures how many failed with which kind of error
     * @param latency of those that were answered, from the moment at which they were due
     * @param service of the same, from the moment at which they were made
     * @param delay of those that were made, from the moment at which they were due to that at which they were made: the
     *     generator's own
     */
    public record Part(
            String phase,
            String operation,
            long due,
            long ok,
            long failed,
            long dropped,
            long unanswered,
            Map<String, Long> failures,
            Distribution latency,
            Distribution service,
            Distribution delay) {}

    /** Makes the lists unmodifiable. */
    public LoadReport {
        parts = List.copyOf(parts);
        firstPauses = List.copyOf(firstPauses);
    }

    /** Returns the sum of a count over all parts, as in {@code report.sum(LoadReport.Part::dropped)}. */
    public long sum(ToLongFunction<Part> count) {
        return parts.stream().mapToLong(count).sum();
    }
}
