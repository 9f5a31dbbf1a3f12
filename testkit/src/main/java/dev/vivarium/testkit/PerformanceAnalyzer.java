package dev.vivarium.testkit;

import dev.vivarium.PoolEvent;
import dev.vivarium.testkit.MonitorReport.Phase;
import dev.vivarium.testkit.internal.Bottlenecks;
import dev.vivarium.testkit.internal.Comparing;
import java.util.List;

/**
 * Tells from what a {@link PoolMonitor} has seen where the time of calls went and what limits the pool, and what has changed
 * between two reports. It judges by the watched calls, so by their timelines. Without state.
 *
 * <pre>{@code
 * Phase load = monitor.report().phase("load");
 * System.out.println(PerformanceAnalyzer.analyze(load, kit.events().all()).text());
 * System.out.println(PerformanceAnalyzer.compare(before, load).text());
 * }</pre>
 */
public final class PerformanceAnalyzer {

    private PerformanceAnalyzer() {}

    /**
     * Tells where the time of a phase's calls went, and what limits.
     *
     * @param events the pool's events, in order; they say which workers were away, for how long. Those outside the phase are left
     *     out; without any, the phase's own counts have to do
     */
    public static PerformanceAnalysis analyze(Phase phase, List<PoolEvent> events) {
        return Bottlenecks.of(phase, events);
    }

    /** Tells what differs between two phases, such as one of a run that was kept and the same one of a new run. */
    public static PerformanceComparison compare(Phase baseline, Phase now) {
        return Comparing.of(baseline, now);
    }
}
