package dev.vivarium.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Learns where a measurement is made, without which its figures mean little. Not thread-safe. */
final class Environment {

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String ALLOWED = "Cpus_allowed_list:";
    private static final long LIMIT_S = 20;

    private static final String PROBE = """
            import importlib.util, json, platform, sys
            print(json.dumps({
                "version": platform.python_version(),
                "implementation": platform.python_implementation(),
                "executable": sys.executable,
                "orjson": importlib.util.find_spec("orjson") is not None,
            }))
            """;

    /**
     * What was learned.
     *
     * @param at when the measurement began
     * @param cpu the processor's model
     * @param processors how many processors the JVM may use
     * @param allowed which processors these are, as Linux writes it; {@code unknown} elsewhere
     * @param pinned whether that is a single one, for Java and for Python
     * @param loadBefore the machine's load of the last minute at the beginning, of others too; below 0 when unknown
     * @param loadAfter the same at the end
     * @param os the operating system
     * @param java the JVM
     * @param javaOptions what the JVM was started with
     * @param python the interpreter
     * @param jsonEncoder what encodes JSON in the pool's workers; on the floor it is always {@code json}
     * @param commit the commit that was measured, {@code +} when files have been changed since; {@code unknown} outside a checkout
     */
    record Facts(
            String at,
            String cpu,
            int processors,
            String allowed,
            boolean pinned,
            double loadBefore,
            double loadAfter,
            String os,
            String java,
            List<String> javaOptions,
            String python,
            String jsonEncoder,
            String commit) {}

    private final Instant at = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    private final double loadBefore = load();
    private final JsonNode python;

    private Environment(JsonNode python) {
        this.python = python;
    }

    /**
     * Begins.
     *
     * @throws BenchUnavailable when the interpreter cannot be run
     */
    static Environment now(String python) throws BenchUnavailable {
        String said = run(List.of(python, "-c", PROBE))
                .orElseThrow(() -> new BenchUnavailable(python + " cannot be run, or is no Python", null));
        try {
            return new Environment(new ObjectMapper().readTree(said));
        } catch (JsonProcessingException e) {
            throw new BenchUnavailable(python + " is no Python: it did not run a program", e);
        }
    }

    /** Returns what was learned, with the load at this moment. */
    Facts ended() {
        String allowed = field(STATUS, ALLOWED).orElse("unknown");
        return new Facts(
                at.toString(),
                field(Path.of("/proc/cpuinfo"), "model name")
                        .map(text -> text.replaceFirst("^:\\s*", ""))
                        .orElse(System.getProperty("os.arch")),
                Runtime.getRuntime().availableProcessors(),
                allowed,
                pinned(allowed),
                loadBefore,
                load(),
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                System.getProperty("java.vm.name") + " " + Runtime.version(),
                ManagementFactory.getRuntimeMXBean().getInputArguments(),
                python.path("implementation").asText() + " "
                        + python.path("version").asText() + " ("
                        + python.path("executable").asText() + ")",
                python.path("orjson").asBoolean() ? "orjson" : "json",
                commit());
    }

    /** Returns whether this process, and what it starts, may use a single processor only. */
    static boolean pinned() {
        return field(STATUS, ALLOWED).map(Environment::pinned).orElse(false);
    }

    private static boolean pinned(String allowed) {
        return allowed.matches("\\d+");
    }

    private static double load() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    private static Optional<String> field(Path file, String name) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(name))
                    .map(line -> line.substring(name.length()).strip())
                    .findFirst();
        } catch (IOException | UncheckedIOException e) {
            return Optional.empty(); // Not on this system.
        }
    }

    private static String commit() {
        Path checkout = checkout();
        if (checkout == null) {
            return "unknown";
        }
        return git(checkout, "rev-parse", "--short=12", "HEAD")
                .map(id -> git(checkout, "status", "--porcelain", "--untracked-files=no")
                        .map(changes -> changes.isEmpty() ? id : id + "+")
                        .orElse(id))
                .orElse("unknown");
    }

    /** Returns the checkout that this class was built in, if it was. */
    private static @Nullable Path checkout() {
        CodeSource source = Environment.class.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) {
            return null;
        }
        try {
            for (Path folder = Path.of(source.getLocation().toURI()); folder != null; folder = folder.getParent()) {
                if (Files.exists(folder.resolve(".git"))) {
                    return folder;
                }
            }
        } catch (URISyntaxException e) {
            return null;
        }
        return null;
    }

    private static Optional<String> git(Path checkout, String... words) {
        List<String> command = new ArrayList<>(List.of("git", "-C", checkout.toString()));
        command.addAll(List.of(words));
        return run(command);
    }

    /** Returns what a command says, or nothing when it cannot be run or fails. */
    private static Optional<String> run(List<String> command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (process.waitFor(LIMIT_S, TimeUnit.SECONDS) && process.exitValue() == 0) {
                return Optional.of(said);
            }
        } catch (IOException e) {
            return Optional.empty(); // There is no such program.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return Optional.empty();
    }
}
