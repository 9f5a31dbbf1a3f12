package dev.vivarium.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who may use whom, and what nobody may do. */
class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.vivarium");

    private static void check(ArchRule rule) {
        rule.check(CLASSES);
    }

    @Test
    void nobodyAsks() {
        check(noClasses().should().dependOnClassesThat().haveSimpleName("AskPattern"));
        check(noClasses()
                .should()
                .callMethodWhere(com.tngtech.archunit.core.domain.JavaCall.Predicates.target(
                        com.tngtech.archunit.base.DescribedPredicate.describe(
                                "ActorContext.ask",
                                target -> target.getName().equals("ask")
                                        && target.getOwner().getName().endsWith("ActorContext")))));
    }

    @Test
    void clockRandomnessAndProcessesAreReachedThroughTheirPortsOnly() {
        var outside = noClasses()
                .that()
                .resideInAPackage("dev.vivarium..")
                .and()
                .resideOutsideOfPackages(
                        "dev.vivarium.internal.port..", "dev.vivarium.cli..", "dev.vivarium.examples..");
        check(outside.should().callMethod(System.class, "nanoTime"));
        check(outside.should().callMethod(System.class, "currentTimeMillis"));
        check(outside.should().callMethod(java.time.Instant.class, "now"));
        check(outside.should().callMethod(Math.class, "random"));
        check(outside.should().callMethod(java.util.UUID.class, "randomUUID"));
        check(outside.should()
                .dependOnClassesThat()
                .belongToAnyOf(
                        java.util.Random.class,
                        java.util.concurrent.ThreadLocalRandom.class,
                        java.security.SecureRandom.class,
                        ProcessBuilder.class,
                        Process.class));
    }

    @Test
    void theLibraryNeverEndsTheJvmSleepsOrPrints() {
        var library = noClasses()
                .that()
                .resideInAnyPackage("dev.vivarium", "dev.vivarium.internal..", "dev.vivarium.protocol..");
        check(library.should().callMethod(System.class, "exit", int.class));
        check(library.should().callMethod(Runtime.class, "halt", int.class));
        check(library.should().callMethod(Thread.class, "sleep", long.class));
        check(library.should().accessField(System.class, "out"));
        check(library.should().accessField(System.class, "err"));
        check(library.should().dependOnClassesThat().resideInAnyPackage("java.util.logging..", "ch.qos.logback.."));
    }

    @Test
    void decisionsArePure() {
        check(noClasses()
                .that()
                .resideInAPackage("dev.vivarium.internal.core..")
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages(
                        "java.lang..",
                        "java.util",
                        "java.util.function",
                        "java.util.stream",
                        "java.time",
                        "dev.vivarium",
                        "dev.vivarium.internal.core..",
                        "dev.vivarium.protocol",
                        "org.jspecify.."));
    }

    @Test
    void theProtocolKnowsNothingOfPekkoOrThePool() {
        check(noClasses()
                .that()
                .resideInAPackage("dev.vivarium.protocol..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.pekko..", "dev.vivarium", "dev.vivarium.internal.."));
    }

    @Test
    void internalPackagesHaveNoCycles() {
        slices().matching("dev.vivarium.internal.(*)..")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    @Test
    void thePublicApiShowsNothingInternal() {
        Set<String> shown = new TreeSet<>();
        for (JavaClass type : CLASSES) {
            if (type.getPackageName().equals("dev.vivarium")
                    && type.getModifiers().contains(JavaModifier.PUBLIC)) {
                for (JavaCodeUnit unit : type.getCodeUnits()) {
                    if (unit.getModifiers().contains(JavaModifier.PUBLIC)) {
                        Stream.concat(unit.getRawParameterTypes().stream(), Stream.of(unit.getRawReturnType()))
                                .filter(used -> used.getPackageName().startsWith("dev.vivarium.internal"))
                                .forEach(used -> shown.add(unit.getFullName() + " shows " + used.getName()));
                    }
                }
            }
        }
        assertThat(shown).isEmpty();
    }

    @Test
    void everyMessageOfAnActorHasAHandler() {
        List<String> missing = new ArrayList<>();
        int actors = 0;
        for (JavaClass protocol : CLASSES) {
            boolean nested = protocol.getSimpleName().equals("Command")
                    && protocol.getEnclosingClass().isPresent();
            if (protocol.isInterface() && nested) {
                actors++;
                missing.addAll(unhandled(protocol, protocol.getEnclosingClass().get()));
            }
        }
        JavaClass pool = CLASSES.get("dev.vivarium.internal.pool.PoolActor");
        missing.addAll(unhandled(CLASSES.get("dev.vivarium.PoolCommand"), pool));

        assertThat(actors).as("actors found").isGreaterThanOrEqualTo(4);
        assertThat(missing).as("messages without onMessage(...)").isEmpty();
    }

    /** A message type is registered by its class object, as in {@code onMessage(X.class, this::onX)}. */
    private static List<String> unhandled(JavaClass protocol, JavaClass actor) {
        Set<String> registered = actor.getReferencedClassObjects().stream()
                .map(reference -> reference.getRawType().getName())
                .collect(Collectors.toSet());
        return protocol.getAllSubclasses().stream()
                .filter(message -> !message.isInterface())
                .filter(message -> !registered.contains(message.getName()))
                .map(message -> message.getName() + " in " + actor.getSimpleName())
                .toList();
    }

    @Test
    void filesStayReadable() throws IOException {
        List<String> large = new ArrayList<>();
        for (String folder : List.of(
                "worker-protocol/src/main",
                "supervisor/src/main",
                "testkit/src/main",
                "testkit-junit5/src/main",
                "test-report/src/main",
                "bench/src/main",
                "bench-peers/src/main",
                "chaos/src/main",
                "chaos-junit5/src/main",
                "cli/src/main",
                "python/src")) {
            try (Stream<Path> files = Files.walk(Path.of("..", folder))) {
                for (Path file : files.filter(f -> f.toString().matches(".*\\.(java|py)"))
                        .toList()) {
                    if (Files.readAllLines(file).size() > MAX_LINES) {
                        large.add(file.toString());
                    }
                }
            }
        }
        assertThat(large).as("files over %d lines", MAX_LINES).isEmpty();
    }

    private static final int MAX_LINES = 500;
}
