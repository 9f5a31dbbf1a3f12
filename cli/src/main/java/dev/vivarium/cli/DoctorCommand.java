package dev.vivarium.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolConfigBuilder;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.PythonPool;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vivarium doctor}: whether this machine can run workers, and what to do if not. */
@Command(
        name = "doctor",
        description = "Checks whether this machine can run workers, and says what to do if not.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Exit status: 0 all well (warnings included), 64 wrong usage, 69 something failed."})
final class DoctorCommand implements Callable<Integer> {

    private static final Duration PROBE_LIMIT = Duration.ofSeconds(20);

    private static final String PROBE = """
            import json, os, platform, resource, signal, sys

            def version(name):
                try:
                    import importlib.metadata as metadata
                    return metadata.version(name)
                except Exception:
                    return None

            def prctl():
                try:
                    import ctypes
                    return ctypes.CDLL(None).prctl is not None
                except Exception:
                    return False

            shm = os.statvfs("/dev/shm") if os.path.isdir("/dev/shm") else None
            print(json.dumps({
                "pid": os.getpid(),
                "executable": sys.executable,
                "version": platform.python_version(),
                "usable": sys.version_info >= (3, 9),
                "implementation": platform.python_implementation(),
                "platform": sys.platform,
                "prctl": prctl(),
                "pidfd": hasattr(os, "pidfd_open"),
                "orjson": version("orjson"),
                "numpy": version("numpy"),
                "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
                "processes": resource.getrlimit(resource.RLIMIT_NPROC)[0],
                "shm_mib": shm.f_bavail * shm.f_frsize >> 20 if shm else None,
            }))
            """;

    private static final String RUNTIME_DIRECTORY = "runtime directory";
    private static final String RUNTIME_DIRECTORY_REMEDY =
            "make it writable, or set java.io.tmpdir (JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=DIR)";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything is called.
    private CommandSpec spec;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Option(names = "--python", paramLabel = "PATH", description = "The interpreter. Default: python3.")
    private String python = "python3";

    @Option(
            names = "--handlers",
            paramLabel = "FILE.py|MODULE",
            description = "Also check that these handlers can be loaded.")
    private @Nullable String handlers;

    private enum Verdict {
        ok,
        warn,
        fail
    }

    private record Check(
            String name,
            Verdict verdict,
            String value,
            @Nullable String remedy) {}

    private final List<Check> checks = new ArrayList<>();

    @Override
    public Integer call() throws IOException, InterruptedException {
        JsonNode found = probe();
        if (found != null) {
            interpreter(found);
            limits(found);
        }
        boolean place = runtimeDirectory();
        if (place && found != null && found.path("usable").asBoolean()) {
            startWorker();
        }
        print();
        return checks.stream().anyMatch(check -> check.verdict() == Verdict.fail) ? ExitCode.UNAVAILABLE : ExitCode.OK;
    }

    private void add(String name, Verdict verdict, String value, @Nullable String remedy) {
        checks.add(new Check(name, verdict, value, verdict == Verdict.ok ? null : remedy));
    }

    private @Nullable JsonNode probe() throws InterruptedException {
        String remedy = "install Python 3.9 or later (Debian: apt-get install python3), or name one with --python PATH";
        try {
            Process process = new ProcessBuilder(python, "-c", PROBE)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectErrorStream(true)
                    .start();
            if (!process.waitFor(PROBE_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                add(
                        "interpreter",
                        Verdict.fail,
                        python + " did not answer within " + PROBE_LIMIT.toSeconds() + " s",
                        "run " + python
                                + " -c \"print(1)\" by hand to see what it waits for, or name another with --python");
                return null;
            }
            String text = new String(process.getInputStream().readNBytes(1 << 16), StandardCharsets.UTF_8);
            if (process.exitValue() != 0) {
                add("interpreter", Verdict.fail, python + " failed: " + text.strip(), remedy);
                return null;
            }
            JsonNode found =
                    new ObjectMapper().readTree(text.lines().reduce((a, b) -> b).orElse(""));
            if (found.path("executable").isTextual() && found.path("version").isTextual()) {
                if (found.path("pid").asLong() == process.pid()) {
                    return found;
                }
                add("interpreter", Verdict.fail, python + " " + InterpreterProbe.WRAPS, "mend the script");
                return null;
            }
            add("interpreter", Verdict.fail, python + " is no Python: it did not run a program", remedy);
            return null;
        } catch (JsonProcessingException e) {
            add("interpreter", Verdict.fail, python + " is no Python: it did not run a program", remedy);
            return null;
        } catch (IOException e) {
            add("interpreter", Verdict.fail, python + " cannot be run: " + e.getMessage(), remedy);
            return null;
        }
    }

    private void interpreter(JsonNode found) {
        add("interpreter", Verdict.ok, found.path("executable").asText(), null);
        boolean usable = found.path("usable").asBoolean();
        add(
                "version",
                usable ? Verdict.ok : Verdict.fail,
                found.path("implementation").asText() + " "
                        + found.path("version").asText(),
                "install Python 3.9 or later, or name one with --python PATH");
        boolean linux = found.path("platform").asText().equals("linux");
        add(
                "orphan protection",
                linux && found.path("prctl").asBoolean() ? Verdict.ok : Verdict.warn,
                linux
                        ? (found.path("prctl").asBoolean() ? "subreaper and parent-death signal" : "ctypes is missing")
                        : "not on Linux",
                "run on Linux with a Python that has ctypes; without it, children of workers may survive a killed JVM");
        add(
                "process descriptors",
                found.path("pidfd").asBoolean() ? Verdict.ok : Verdict.warn,
                found.path("pidfd").asBoolean() ? "available" : "not available",
                "Linux 5.3 or later has them; without them signals go by process number");
        for (String accelerator : List.of("orjson", "numpy")) {
            JsonNode version = found.path(accelerator);
            add(accelerator, Verdict.ok, version.isTextual() ? version.asText() : "not installed (optional)", null);
        }
    }

    private void limits(JsonNode found) {
        limit(
                "open files",
                found.path("files").asLong(),
                1024,
                "raise it with 'ulimit -n'; each worker takes about 10");
        limit("processes", found.path("processes").asLong(), 256, "raise it with 'ulimit -u'");
        JsonNode shared = found.path("shm_mib");
        add(
                "shared memory",
                shared.isNumber() && shared.asLong() >= 64 ? Verdict.ok : Verdict.warn,
                shared.isNumber() ? shared.asLong() + " MiB free in /dev/shm" : "no /dev/shm",
                "mount a larger /dev/shm (containers: --shm-size)");
    }

    private void limit(String name, long value, long least, String remedy) {
        boolean unlimited = value < 0;
        add(
                name,
                unlimited || value >= least ? Verdict.ok : Verdict.warn,
                unlimited ? "unlimited" : Long.toString(value),
                remedy);
    }

    private boolean runtimeDirectory() {
        Path directory = Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
        try {
            // Permissions do not tell everything, for the superuser nothing: trying does.
            Files.delete(Files.createTempDirectory(directory, "vivarium-doctor"));
            add(RUNTIME_DIRECTORY, Verdict.ok, directory.toString(), null);
            return true;
        } catch (IOException e) {
            add(RUNTIME_DIRECTORY, Verdict.fail, directory + " cannot be written to: " + e, RUNTIME_DIRECTORY_REMEDY);
            return false;
        }
    }

    /** Starts a pool of one worker: whatever stands in the way of real work shows here. */
    private void startWorker() throws InterruptedException, IOException {
        Path own = Files.createTempFile("vivarium-doctor", ".py");
        try {
            Files.writeString(own, "def ping():\n    return 'pong'\n");
            StartTrouble trouble = new StartTrouble();
            PoolConfigBuilder config = PoolConfig.builder()
                    .name("doctor")
                    .python(python)
                    .workers(1)
                    .eventListener(trouble::on);
            if (handlers == null) {
                // Compiled, a temporary file leaves another, which nobody would delete.
                config.interpreterArguments(List.of("-B"));
            }
            HandlerSource.configure(config, handlers == null ? own.toString() : handlers);
            try (PythonPool pool = PythonPool.start(config.build())) {
                var unused = pool.whenServing().toCompletableFuture().get();
                add("worker", Verdict.ok, "started and ready", null);
                if (handlers != null) {
                    add(
                            "handlers",
                            Verdict.ok,
                            pool.handlers().stream()
                                    .map(h -> h.name() + h.signature())
                                    .sorted()
                                    .collect(Collectors.joining(", ")),
                            null);
                }
            } catch (ExecutionException e) {
                addStartFailure(e.getCause() == null ? e : e.getCause(), trouble);
            }
        } finally {
            Files.deleteIfExists(own);
        }
    }

    private void addStartFailure(Throwable failure, StartTrouble trouble) throws InterruptedException {
        String message = String.valueOf(failure.getMessage());
        if (failure instanceof PoolStartFailed failed) {
            if (handlers != null && trouble.isOfHandlers(failed)) {
                add(
                        "handlers",
                        Verdict.fail,
                        message,
                        "mend the error above; a module must be importable from this folder or through PYTHONPATH");
                return;
            }
            if (failed.reason() == PoolStartFailed.Reason.NO_RUNTIME_DIRECTORY) {
                checks.removeIf(check -> check.name().equals(RUNTIME_DIRECTORY));
                add(RUNTIME_DIRECTORY, Verdict.fail, message, RUNTIME_DIRECTORY_REMEDY);
                return;
            }
        }
        add("worker", Verdict.fail, message, "read the message above");
    }

    private void print() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            List<Map<String, @Nullable Object>> rows = new ArrayList<>();
            for (Check check : checks) {
                Map<String, @Nullable Object> row = new LinkedHashMap<>();
                row.put("check", check.name());
                row.put("verdict", check.verdict().name());
                row.put("value", check.value());
                row.put("remedy", check.remedy());
                rows.add(row);
            }
            out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(rows));
        } else {
            for (Check check : checks) {
                out.printf("%-4s  %-20s  %s%n", check.verdict(), check.name(), check.value());
                if (check.remedy() != null) {
                    out.printf("      %-20s  -> %s%n", "", check.remedy());
                }
            }
        }
        out.flush();
    }
}
