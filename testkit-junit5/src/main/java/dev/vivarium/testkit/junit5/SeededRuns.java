package dev.vivarium.testkit.junit5;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs a selection of tests in this JVM with a seed, and says of each how it ended. One run at a time. */
final class SeededRuns {

    /** A longer text of a failure is cut off. */
    private static final int LONGEST = 300;

    private static final Pattern LAYER = Pattern.compile("\\bon layer ([A-Z]+)\\b");

    /** A test, or a container such as a class whose preparation failed. */
    record Ending(String test, String name, String layer, boolean isTest, boolean failed, String failure) {}

    private final List<DiscoverySelector> selectors;
    private final Set<String> seedProperties;
    private final Launcher launcher;

    /**
     * Creates a runner.
     *
     * @param selections classes, or methods of classes as {@code com.acme.PriceTest#isRight}
     * @param seedProperties the system properties that the tests take the seed from
     * @throws IllegalArgumentException if a class or method is not there
     */
    SeededRuns(List<String> selections, Set<String> seedProperties) {
        this.selectors = selections.stream()
                .flatMap(selection -> selectors(selection).stream())
                .toList();
        this.seedProperties = seedProperties;
        // Listeners write down what a build's tests did; these runs are none of them.
        this.launcher = LauncherFactory.create(LauncherConfig.builder()
                .enableTestExecutionListenerAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .build());
    }

    private static List<DiscoverySelector> selectors(String selection) {
        int hash = selection.indexOf('#');
        Class<?> type = type(hash < 0 ? selection : selection.substring(0, hash));
        if (hash < 0) {
            return List.of(DiscoverySelectors.selectClass(type));
        }
        String name = selection.substring(hash + 1);
        List<DiscoverySelector> found = methods(type, name).stream()
                .<DiscoverySelector>map(method -> DiscoverySelectors.selectMethod(type, method))
                .toList();
        if (found.isEmpty()) {
            throw new IllegalArgumentException("no method " + name + " in " + type.getName());
        }
        return found;
    }

    private static Class<?> type(String name) {
        try {
            return Class.forName(name, false, Thread.currentThread().getContextClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalArgumentException("no class " + name + " on the class path", e);
        }
    }

    private static Set<Method> methods(Class<?> type, String name) {
        Set<Method> found = new LinkedHashSet<>();
        for (Class<?> each = type; each != null && found.isEmpty(); each = each.getSuperclass()) {
            Arrays.stream(each.getDeclaredMethods())
                    .filter(method -> method.getName().equals(name) && !method.isSynthetic())
                    .forEach(found::add);
        }
        if (found.isEmpty()) {
            Arrays.stream(type.getMethods())
                    .filter(method -> method.getName().equals(name))
                    .forEach(found::add);
        }
        return found;
    }

    /** Runs the selection once. Returns how each test ended, by its unique id; those that were skipped are left out. */
    Map<String, Ending> run(long seed) {
        Map<String, String> before = new LinkedHashMap<>();
        List<String> unset = new ArrayList<>();
        for (String property : seedProperties) {
            String value = System.getProperty(property);
            if (value == null) {
                unset.add(property);
            } else {
                before.put(property, value);
            }
            System.setProperty(property, Long.toString(seed));
        }
        try {
            Endings endings = new Endings();
            // Its seed is this run's and no other; what fails is kept by the classifier, once it knows what it is.
            launcher.execute(
                    LauncherDiscoveryRequestBuilder.request()
                            .selectors(selectors)
                            .configurationParameter(FailingSeeds.FILE, "")
                            .build(),
                    endings);
            return endings.byId;
        } finally {
            before.forEach(System::setProperty);
            unset.forEach(System::clearProperty);
        }
    }

    /** Tests of a run end on several threads if the run is parallel. */
    private static final class Endings implements TestExecutionListener {
        private final Map<String, Ending> byId = new LinkedHashMap<>();

        @Override
        public synchronized void executionFinished(TestIdentifier identifier, TestExecutionResult result) {
            if (result.getStatus() == Status.ABORTED) {
                return;
            }
            boolean failed = result.getStatus() == Status.FAILED;
            byId.put(
                    identifier.getUniqueId(),
                    new Ending(
                            test(identifier),
                            identifier.getDisplayName(),
                            layer(identifier),
                            identifier.isTest(),
                            failed,
                            result.getThrowable().map(Endings::line).orElse("")));
        }

        private static String test(TestIdentifier identifier) {
            return identifier
                    .getSource()
                    .map(source -> {
                        if (source instanceof MethodSource method) {
                            return method.getClassName() + "#" + method.getMethodName();
                        }
                        return source instanceof ClassSource type ? type.getClassName() : source.toString();
                    })
                    .orElse(identifier.getUniqueId());
        }

        private static String layer(TestIdentifier identifier) {
            Matcher layer = LAYER.matcher(identifier.getDisplayName());
            return layer.find() ? layer.group(1) : FailingSeeds.NO_LAYER;
        }

        /** Assertions often begin with an empty line. */
        private static String line(Throwable failure) {
            String line = failure.toString()
                    .lines()
                    .map(String::strip)
                    .filter(each -> !each.isEmpty())
                    .collect(Collectors.joining(" "));
            return line.length() > LONGEST ? line.substring(0, LONGEST) + " ..." : line;
        }
    }
}
