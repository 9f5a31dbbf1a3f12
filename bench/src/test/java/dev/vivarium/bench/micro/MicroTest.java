package dev.vivarium.bench.micro;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.testkit.LedgerMicro;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

class MicroTest {

    @Test
    void everyOneRuns() throws RunnerException {
        // JMH's lock is the machine's, and another build may hold it: that keeps figures right, of which there are none
        // here.
        System.setProperty("jmh.ignoreLock", "true");
        // When each is measured for a moment only
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include("Micro")
                        .forks(0)
                        .warmupIterations(0)
                        .measurementIterations(1)
                        .measurementTime(TimeValue.milliseconds(1))
                        .verbosity(VerboseMode.SILENT)
                        .shouldFailOnError(true)
                        .build())
                .run();

        // Then
        Set<String> measured = results.stream()
                .map(result -> result.getParams().getBenchmark())
                .map(name -> name.substring(0, name.lastIndexOf('.')))
                .collect(Collectors.toSet());
        assertThat(measured)
                .containsExactlyInAnyOrder(
                        FrameMicro.class.getName(),
                        JsonMicro.class.getName(),
                        RouterMicro.class.getName(),
                        LedgerMicro.class.getName());
        assertThat(results)
                .allSatisfy(result ->
                        assertThat(result.getPrimaryResult().getScore()).isPositive());
    }
}
