package dev.vivarium.testkit.junit5;

import dev.vivarium.testkit.StrayWarnings;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/** Fails a run of tests at its end when there were warnings that belong to no test. */
final class WarningsOfTheRun implements AutoCloseable {

    /** The configuration parameter, or system property, with the beginnings of the loggers' names; none means none. */
    static final String LOGGERS = "vivarium.testkit.warnings";

    private static final String DEFAULT = "dev.vivarium,org.apache.pekko";

    private final StrayWarnings gathered;

    private WarningsOfTheRun(List<String> loggers) {
        gathered = StrayWarnings.gather(loggers);
    }

    /** Begins with the first test of a run; the run's end closes it. */
    static void watch(ExtensionContext context) {
        var unused = context.getRoot()
                .getStore(Namespace.create(WarningsOfTheRun.class))
                .getOrComputeIfAbsent(WarningsOfTheRun.class, key -> new WarningsOfTheRun(loggers(context)));
    }

    private static List<String> loggers(ExtensionContext context) {
        String names = context.getConfigurationParameter(LOGGERS).orElse(DEFAULT);
        return Stream.of(names.split(",", -1))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .toList();
    }

    @Override
    public void close() {
        gathered.close();
        List<String> warnings = gathered.all();
        if (!warnings.isEmpty()) {
            throw new AssertionError("there were warnings that belong to no test:\n  " + String.join("\n  ", warnings));
        }
    }
}
