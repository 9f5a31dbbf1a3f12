package dev.vivarium.chaos.junit5;

import dev.vivarium.chaos.ChaosResult;
import dev.vivarium.chaos.ChaosRun;
import dev.vivarium.chaos.RunSettings;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.Scenarios;
import dev.vivarium.chaos.Twin;
import dev.vivarium.chaos.TwinResult;
import dev.vivarium.chaos.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/** Makes a run of each seed of a {@link ChaosTest}. */
public final class ChaosExtension implements TestTemplateInvocationContextProvider {

    static final String REPORT = "vivarium.chaos.report";
    static final String PYTHON = "vivarium.chaos.python";
    static final String SEED = "vivarium.chaos.seed";

    /** Called by JUnit. */
    public ChaosExtension() {}

    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return annotation(context).isPresent();
    }

    private static Optional<ChaosTest> annotation(ExtensionContext context) {
        return context.getTestMethod().map(method -> method.getAnnotation(ChaosTest.class));
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(ExtensionContext context) {
        ChaosTest annotation = annotation(context).orElseThrow();
        Scenario scenario = scenario(annotation, context.getRequiredTestClass());
        Scenario sized = annotation.workers() == 0 ? scenario : scenario.withWorkers(annotation.workers());
        return seeds(annotation, context).mapToObj(seed -> new OnSeed(sized, seed, annotation));
    }

    private static LongStream seeds(ChaosTest annotation, ExtensionContext context) {
        Optional<String> asked = context.getConfigurationParameter(SEED);
        if (asked.isEmpty()) {
            return Arrays.stream(annotation.seeds());
        }
        try {
            return LongStream.of(Long.decode(asked.get()));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    SEED + " must be a number such as 7 or 0x2a, got \"" + asked.get() + "\"", e);
        }
    }

    private static Scenario scenario(ChaosTest annotation, Class<?> test) {
        if (!annotation.value().isEmpty()) {
            try {
                return Scenarios.find(annotation.value());
            } catch (IOException e) {
                throw new UncheckedIOException("there is no scenario and no file " + annotation.value(), e);
            }
        }
        for (Class<?> type : nearestFirst(test)) {
            for (Method method : type.getDeclaredMethods()) {
                if (method.getName().equals("scenario")
                        && Modifier.isStatic(method.getModifiers())
                        && method.getReturnType() == Scenario.class
                        && method.getParameterCount() == 0) {
                    return returned(method);
                }
            }
        }
        throw new IllegalStateException("@ChaosTest needs a scenario: its value names one, or " + test.getName()
                + " has a method `static Scenario scenario()`");
    }

    private static List<Class<?>> nearestFirst(Class<?> test) {
        List<Class<?>> types = new ArrayList<>();
        for (Class<?> enclosing = test; enclosing != null; enclosing = enclosing.getEnclosingClass()) {
            for (Class<?> type = enclosing; type != null; type = type.getSuperclass()) {
                types.add(type);
            }
        }
        return types;
    }

    private static Scenario returned(Method method) {
        try {
            method.setAccessible(true);
            return (Scenario) method.invoke(null);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(method + " failed", e.getCause());
        }
    }

    private record OnSeed(Scenario scenario, long seed, ChaosTest annotation) implements TestTemplateInvocationContext {
        @Override
        public String getDisplayName(int invocationIndex) {
            return scenario.name() + (annotation.twin() ? " in the twin" : "") + " with seed " + RunSettings.hex(seed);
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(new Run(this));
        }
    }

    /** Runs the scenario before the test's own methods, and has what came of it for their parameters. */
    private static final class Run implements BeforeEachCallback, ParameterResolver {
        private final OnSeed what;
        private final Map<Class<?>, Object> parameters = new HashMap<>();

        Run(OnSeed what) {
            this.what = what;
            parameters.put(Scenario.class, what.scenario());
        }

        @Override
        public void beforeEach(ExtensionContext context) throws IOException, InterruptedException {
            if (what.annotation().twin()) {
                TwinResult result = Twin.run(what.scenario(), what.seed());
                parameters.put(TwinResult.class, result);
                judge(result.verdict(), result.text());
                return;
            }
            Path report = Path.of(context.getConfigurationParameter(REPORT).orElse("target/chaos"));
            String python = context.getConfigurationParameter(PYTHON).orElse("python3");
            ChaosResult result = ChaosRun.run(
                    what.scenario(), RunSettings.of(what.seed(), report).withPython(python));
            parameters.put(ChaosResult.class, result);
            context.publishReportEntry(Map.of(
                    "vivarium.chaos.verdict", result.verdict().toString(),
                    "vivarium.chaos.folder", result.folder().toString()));
            judge(result.verdict(), result.text());
        }

        private void judge(Verdict verdict, String text) {
            boolean passes = verdict == Verdict.VALID
                    || (verdict == Verdict.UNKNOWN && what.annotation().unknownPasses());
            if (!passes) {
                throw new AssertionError("the verdict on " + what.getDisplayName(0) + " is " + verdict + ":\n" + text);
            }
        }

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameters.containsKey(parameter.getParameter().getType());
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return Objects.requireNonNull(
                    parameters.get(parameter.getParameter().getType()));
        }
    }
}
