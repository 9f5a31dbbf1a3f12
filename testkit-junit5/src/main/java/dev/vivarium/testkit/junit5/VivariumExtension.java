package dev.vivarium.testkit.junit5;

import dev.vivarium.PythonPool;
import dev.vivarium.testkit.FailureAnalyzer;
import dev.vivarium.testkit.FaultInjector;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Leak;
import dev.vivarium.testkit.Ledger;
import dev.vivarium.testkit.StrayProcesses;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestPoolSpec;
import dev.vivarium.testkit.TestTime;
import dev.vivarium.testkit.TestWorker;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import dev.vivarium.testkit.junit5.VivariumTest.Time;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/**
 * Runs a {@link VivariumTest} once for each of its layers. A class that has a method
 * {@code static WorkerScript script()}, or inherits one, has its scripted workers run that.
 *
 * <p>With a file in the configuration parameter, or system property, {@code vivarium.testkit.failing-seeds} the seed of each
 * failure is kept there, and run again before the others; not when the seed of all pools is set.
 */
public final class VivariumExtension implements TestTemplateInvocationContextProvider {

    /** The system property with the layers to run on, separated by commas. Default: all. */
    public static final String LAYERS = "vivarium.testkit.layers";

    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return context.getTestMethod()
                .map(method -> method.isAnnotationPresent(VivariumTest.class))
                .orElse(false);
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(ExtensionContext context) {
        List<VivariumTest> annotations = annotations(context);
        return layers(annotations).stream()
                .filter(layer -> chosen().contains(layer))
                .flatMap(layer -> Stream.concat(
                        failingSeeds(context, layer).map(seed -> new OnLayer(layer, annotations, seed)),
                        Stream.of(new OnLayer(layer, annotations, null))));
    }

    private static Stream<Long> failingSeeds(ExtensionContext context, Layer layer) {
        if (System.getProperty(TestPoolSpec.SEED) != null) {
            return Stream.empty(); // Who sets a seed wants that one.
        }
        return FailingSeeds.of(context).stream().flatMap(file -> file.of(test(context), layer.toString()).stream());
    }

    /** Returns the name of a test in the file of failing seeds. */
    private static String test(ExtensionContext context) {
        return context.getRequiredTestClass().getName() + "#"
                + context.getRequiredTestMethod().getName();
    }

    @Override
    public boolean mayReturnZeroTestTemplateInvocationContexts(ExtensionContext context) {
        return !chosen().equals(EnumSet.allOf(Layer.class)); // The test is for layers that were not chosen.
    }

    /** Returns the layers that this run is for. */
    private static Set<Layer> chosen() {
        String property = System.getProperty(LAYERS);
        return property == null
                ? EnumSet.allOf(Layer.class)
                : Arrays.stream(property.split(",", -1))
                        .map(Layer::valueOf)
                        .collect(Collectors.toCollection(() -> EnumSet.noneOf(Layer.class)));
    }

    /**
     * Returns the annotations from the farthest to the nearest: of the enclosing classes, of what the test's class inherits
     * from, of itself, and of the method.
     */
    private static List<VivariumTest> annotations(ExtensionContext context) {
        List<VivariumTest> found = new ArrayList<>();
        for (Class<?> type : farthestFirst(context.getRequiredTestClass())) {
            VivariumTest annotation = type.getAnnotation(VivariumTest.class);
            if (annotation != null) {
                found.add(annotation);
            }
        }
        found.add(context.getRequiredTestMethod().getAnnotation(VivariumTest.class));
        return found;
    }

    private static Set<Class<?>> farthestFirst(Class<?> test) {
        Set<Class<?>> types = new LinkedHashSet<>();
        if (test.getEnclosingClass() != null) {
            types.addAll(farthestFirst(test.getEnclosingClass()));
        }
        Set<Class<?>> own = new LinkedHashSet<>();
        addLineage(test, own);
        types.removeAll(own); // What is near counts as near, even if it is far as well.
        types.addAll(own);
        return types;
    }

    private static void addLineage(Class<?> type, Set<Class<?>> types) {
        for (Class<?> contract : type.getInterfaces()) {
            addLineage(contract, types);
        }
        if (type.getSuperclass() != null) {
            addLineage(type.getSuperclass(), types);
        }
        types.add(type);
    }

    private static List<Layer> layers(List<VivariumTest> annotations) {
        List<Layer> layers = List.of(Layer.FAKE);
        for (VivariumTest annotation : annotations) {
            if (annotation.layers().length > 0) {
                layers = List.of(annotation.layers());
            }
        }
        return layers;
    }

    /** A run of a test; with the seed of an earlier failure, or one of its own. */
    private record OnLayer(
            Layer layer,
            List<VivariumTest> annotations,
            @Nullable Long seed) implements TestTemplateInvocationContext {
        @Override
        public String getDisplayName(int invocationIndex) {
            return "on layer " + layer + (seed == null ? "" : ", again with seed " + seed);
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(new PoolOfTest(layer, annotations, seed));
        }
    }

    /** What a failure is shown with: how to have the same randomness again, and what the pool told last. */
    private static final class Circumstances extends Exception {
        private static final long serialVersionUID = 1;

        private Circumstances(TestPool pool) {
            super(
                    "on layer " + pool.layer() + " with -D" + TestPoolSpec.SEED + "=" + pool.seed() + "; "
                            + pool.events().last(),
                    null,
                    false,
                    false);
        }
    }

    /** What happened to the call whose error a test failed with. */
    private static final class CallExplained extends Exception {
        private static final long serialVersionUID = 1;

        private CallExplained(String text) {
            super(text, null, false, false);
        }
    }

    /** Gives one test its pool, and audits it afterwards. */
    private static final class PoolOfTest
            implements BeforeEachCallback,
                    AfterEachCallback,
                    ParameterResolver,
                    TestExecutionExceptionHandler,
                    LifecycleMethodExecutionExceptionHandler {

        private static final Map<Class<?>, Function<TestPool, Object>> PARAMETERS = Map.of(
                TestPool.class, pool -> pool,
                TestWorker.class, pool -> pool.worker(1),
                FaultInjector.class, TestPool::faults,
                Ledger.class, TestPool::ledger,
                TestTime.class, TestPool::time,
                PythonPool.class, TestPool::pool);

        private final Layer layer;
        private final List<VivariumTest> annotations;
        private final @Nullable Long seed;
        private @Nullable TestPool pool;
        private @Nullable StrayProcesses processes;
        private boolean neverBegan;

        PoolOfTest(Layer layer, List<VivariumTest> annotations, @Nullable Long seed) {
            this.layer = layer;
            this.annotations = annotations;
            this.seed = seed;
        }

        @Override
        public void beforeEach(ExtensionContext context) throws ReflectiveOperationException, InterruptedException {
            WarningsOfTheRun.watch(context);
            processes = ProcessesOfTheRun.watch(context).begin(context).orElse(null);
            TestPool started = TestPool.prepare(spec(context));
            pool = started;
            for (VivariumTest annotation : annotations) {
                Arrays.stream(annotation.expectWarnings()).forEach(started::expectWarning);
            }
            try {
                if (readiness() != Readiness.NOT_STARTED) {
                    var unused = started.start();
                }
                if (readiness() == Readiness.ALL_WORKERS) {
                    started.ensureReady();
                }
            } catch (RuntimeException | Error failure) {
                neverBegan = true;
                var unused = explained(failure);
                throw failure;
            }
        }

        @Override
        public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
            throw explained(failure);
        }

        @Override
        public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable failure)
                throws Throwable {
            throw explained(failure);
        }

        @Override
        public void handleAfterEachMethodExecutionException(ExtensionContext context, Throwable failure)
                throws Throwable {
            throw explained(failure);
        }

        /** Adds what is needed to look into a failure: it is shown wherever the failure's stack trace is. */
        private <T extends Throwable> T explained(T failure) {
            TestPool used = pool;
            if (used != null) {
                try {
                    FailureAnalyzer.of(used)
                            .explainAny(failure)
                            .ifPresent(text -> failure.addSuppressed(new CallExplained(text)));
                } catch (RuntimeException e) {
                    failure.addSuppressed(e); // The test's own failure is what counts.
                }
                failure.addSuppressed(new Circumstances(used));
            }
            return failure;
        }

        private TestPoolSpec spec(ExtensionContext context) throws ReflectiveOperationException {
            TestPoolSpec spec = seed == null
                    ? TestPoolSpec.of(layer)
                    : TestPoolSpec.of(layer).seed(seed);
            for (VivariumTest annotation : annotations) {
                spec = annotation.workers() > 0 ? spec.workers(annotation.workers()) : spec;
                spec = spec.options(annotation.options());
                spec = spec.handlers(Arrays.stream(annotation.handlers())
                        .map(source -> source(context, source))
                        .toArray(String[]::new));
                spec = annotation.time() == Time.OF_LAYER ? spec : spec.virtualTime(annotation.time() == Time.VIRTUAL);
            }
            spec = spec.faults(takesFaults(context));
            Optional<WorkerScript> script = script(context.getRequiredTestClass());
            return script.isPresent() ? spec.script(script.get()) : spec;
        }

        private static boolean takesFaults(ExtensionContext context) {
            Stream<Method> around = farthestFirst(context.getRequiredTestClass()).stream()
                    .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
                    .filter(method -> method.isAnnotationPresent(BeforeEach.class)
                            || method.isAnnotationPresent(AfterEach.class));
            return Stream.concat(around, Stream.of(context.getRequiredTestMethod()))
                    .anyMatch(
                            method -> Arrays.asList(method.getParameterTypes()).contains(FaultInjector.class));
        }

        private static Optional<WorkerScript> script(Class<?> test) throws ReflectiveOperationException {
            List<Class<?>> nearestFirst = new ArrayList<>(farthestFirst(test));
            Collections.reverse(nearestFirst);
            for (Class<?> type : nearestFirst) {
                for (Method method : type.getDeclaredMethods()) {
                    if (method.getName().equals("script")
                            && Modifier.isStatic(method.getModifiers())
                            && method.getReturnType() == WorkerScript.class
                            && method.getParameterCount() == 0) {
                        method.setAccessible(true);
                        return Optional.ofNullable((WorkerScript) method.invoke(null));
                    }
                }
            }
            return Optional.empty();
        }

        private static String source(ExtensionContext context, String source) {
            if (!source.startsWith("/")) {
                return source;
            }
            URL resource = context.getRequiredTestClass().getResource(source);
            try {
                return resource == null ? source : Path.of(resource.toURI()).toString();
            } catch (URISyntaxException e) {
                throw new IllegalStateException(e);
            }
        }

        private Readiness readiness() {
            Readiness readiness = Readiness.ALL_WORKERS;
            for (VivariumTest annotation : annotations) {
                if (annotation.readiness() != Readiness.INHERITED) {
                    readiness = annotation.readiness();
                }
            }
            return readiness;
        }

        @Override
        public void afterEach(ExtensionContext context) throws InterruptedException {
            TestPool used = pool;
            if (used == null) {
                return;
            }
            List<Leak> leaks;
            List<Ledger.Report> books;
            try (used) {
                leaks = new ArrayList<>(used.leaks());
                StrayProcesses own = processes;
                if (own != null) {
                    leaks.addAll(own.left(ProcessesOfTheRun.PATIENCE));
                }
                books = Stream.concat(Stream.of(used), used.others().stream())
                        .map(each -> each.ledger().report())
                        .filter(report -> !report.findings().isEmpty())
                        .toList();
            }
            Optional<Throwable> failure = context.getExecutionException();
            if (failure.isPresent() || !leaks.isEmpty() || !books.isEmpty()) {
                // What keeps a pool from its start, such as an interpreter that is not there, is no seed's doing.
                if (!neverBegan && failure.filter(PoolOfTest::isNoFailure).isEmpty()) {
                    FailingSeeds.of(context).ifPresent(file -> file.add(test(context), layer.toString(), used.seed()));
                }
                context.publishReportEntry(Map.of(
                        "vivarium.seed",
                        Long.toString(used.seed()),
                        "vivarium.layer",
                        layer.toString(),
                        "vivarium.events",
                        used.events().last()));
            }
            if (!leaks.isEmpty()) {
                throw explained(new AssertionError("the test left behind, on layer " + layer + " with seed "
                        + used.seed()
                        + ":\n  "
                        + String.join("\n  ", leaks.stream().map(Leak::toString).toList())));
            }
            if (!books.isEmpty()) {
                throw explained(new AssertionError(
                        "the books do not balance, on layer " + layer + " with seed " + used.seed() + ": " + books));
            }
        }

        /** An assumption that does not hold. JUnit's name for it, without a dependency on what has it. */
        private static boolean isNoFailure(Throwable thrown) {
            return thrown.getClass().getName().equals("org.opentest4j.TestAbortedException");
        }

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return PARAMETERS.containsKey(parameter.getParameter().getType());
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            TestPool started = pool;
            Function<TestPool, Object> part =
                    PARAMETERS.get(parameter.getParameter().getType());
            if (started == null || part == null) {
                throw new IllegalStateException(
                        "the test's pool begins after the constructor: let the test, or a method "
                                + "that runs before it, take the "
                                + parameter.getParameter().getType().getSimpleName());
            }
            return part.apply(started);
        }
    }
}
