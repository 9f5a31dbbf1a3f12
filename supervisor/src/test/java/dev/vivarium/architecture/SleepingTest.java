package dev.vivarium.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nobody sleeps: tests wait for events, and not for time. */
class SleepingTest {

    private static final List<String> MODULES = List.of(
            "worker-protocol",
            "supervisor",
            "testkit",
            "testkit-junit5",
            "pool-tests",
            "test-report",
            "bench",
            "bench-peers",
            "chaos",
            "chaos-junit5",
            "cli",
            "examples",
            "vivarium");

    /** In Java: a call or a reference of anything of that name, also in Python that is written in Java. */
    private static final Pattern JAVA = Pattern.compile("\\bsleep\\s*\\(|::\\s*sleep\\b");

    /** In Python: any call but that of the event loop's, which {@link #HANDLERS_THAT_LAST} are allowed, and 0. */
    private static final Pattern PYTHON = Pattern.compile("\\btime\\s*\\.\\s*sleep\\b"
            + "|\\bfrom\\s+time\\s+import\\s*(\\([^)]*\\bsleep\\b|[^(\\n]*\\bsleep\\b|\\*)"
            + "|\\bimport\\s+time\\s+as\\b"
            + "|[\"']sleep[\"']\\s*\\)"
            + "|(?<!\\basyncio\\.)\\bsleep\\s*\\("
            + "|\\bfrom\\s+asyncio\\s+import\\b[^\\n]*\\bsleep\\b");

    private static final Pattern EVENT_LOOP = Pattern.compile("\\basyncio\\.sleep\\s*\\((?!0\\))");

    /** Their handlers take time, which is what is tested. */
    private static final Set<String> HANDLERS_THAT_LAST = Set.of("worker_case.py", "test_leftovers.py");

    private static boolean sleeps(String name, String text) {
        return name.endsWith(".java")
                ? JAVA.matcher(text).find()
                : PYTHON.matcher(text).find()
                        || (!HANDLERS_THAT_LAST.contains(name)
                                && EVENT_LOOP.matcher(text).find());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Thread.sleep (1);",
                "TimeUnit.SECONDS.sleep(1);",
                "import static java.lang.Thread.sleep; sleep(1)",
                "run(Thread::sleep)"
            })
    void isFoundInJava(String text) {
        assertThat(sleeps("Test.java", text)).isTrue();
        assertThat(sleeps("Test.java", "\"while true; do sleep 1; done\" // asleep"))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "import time\ntime.sleep(1)",
                "from time import sleep",
                "from time import monotonic, sleep as nap",
                "from time import (\n    monotonic,\n    sleep,\n)",
                "from time import *",
                "import time as t",
                "nap = time.sleep",
                "getattr(time, 'sleep')(1)",
                "await asyncio.sleep(1)",
                "from asyncio import sleep"
            })
    void isFoundInPython(String text) {
        assertThat(sleeps("test_a.py", text)).isTrue();
        assertThat(sleeps("test_a.py", "await asyncio.sleep(0)  # uninterruptible sleep; ['sleep', '1000']"))
                .isFalse();
    }

    @Test
    void isInNoSource() throws IOException {
        Set<String> found = new TreeSet<>();
        for (String module :
                Stream.concat(MODULES.stream(), Stream.of("python")).toList()) {
            try (Stream<Path> files = Files.walk(Path.of("..", module))) {
                for (Path file : files.filter(f -> f.toString().matches(".*\\.(java|py)"))
                        .filter(f -> !f.toString().contains("/target/"))
                        .filter(f -> !f.endsWith("SleepingTest.java"))
                        .filter(f -> !f.endsWith("ArchitectureTest.java"))
                        .toList()) {
                    if (sleeps(file.getFileName().toString(), Files.readString(file))) {
                        found.add(file.toString());
                    }
                }
            }
        }
        assertThat(found).isEmpty();
    }

    /** In what is compiled: this module's classes, and those of others that are there already. */
    @Test
    void isInNoClass() {
        List<Path> folders = MODULES.stream()
                .flatMap(module ->
                        Stream.of("classes", "test-classes").map(kind -> Path.of("..", module, "target", kind)))
                .filter(Files::isDirectory)
                .toList();
        Set<String> found = new ClassFileImporter()
                .importPaths(folders).stream()
                        .flatMap(SleepingTest::calls)
                        .collect(Collectors.toCollection(TreeSet::new));

        assertThat(found).hasSize(2).allMatch(call -> call.contains("SleepingTest$Planted"));
    }

    private static Stream<String> calls(JavaClass type) {
        return Stream.concat(type.getMethodCallsFromSelf().stream(), type.getMethodReferencesFromSelf().stream())
                .filter(access -> access.getTarget().getName().equals("sleep"))
                .filter(access -> access.getTargetOwner().isEquivalentTo(Thread.class)
                        || access.getTargetOwner().isEquivalentTo(TimeUnit.class))
                .map(JavaAccess::getDescription);
    }

    /** Never called: shows that the search finds it. */
    static final class Planted {
        private Planted() {}

        static void sleeps() throws InterruptedException {
            Thread.sleep(0);
            TimeUnit.SECONDS.sleep(0);
        }
    }
}
