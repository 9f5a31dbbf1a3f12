package dev.vivarium.internal.guardian;

import dev.vivarium.PoolConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What workers see of the JVM's environment. */
final class WorkerEnvironment {

    /** The variables by which BLAS and OpenMP libraries are told how many threads to use. */
    private static final List<String> COMPUTE_THREADS = List.of(
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "MKL_NUM_THREADS",
            "NUMEXPR_NUM_THREADS",
            "VECLIB_MAXIMUM_THREADS",
            "BLIS_NUM_THREADS");

    private WorkerEnvironment() {}

    /** Returns a new map: what is inherited, then what the pool sets, then what the configuration sets. */
    static Map<String, String> of(PoolConfig.Interpreter interpreter) {
        Map<String, String> environment = new LinkedHashMap<>();
        System.getenv().forEach((name, value) -> {
            if (interpreter.inherited().stream().anyMatch(pattern -> matches(pattern, name))) {
                environment.put(name, value);
            }
        });
        for (String name : COMPUTE_THREADS) {
            environment.put(name, Integer.toString(interpreter.computeThreads()));
        }
        environment.putAll(interpreter.environment());
        return environment;
    }

    /** Returns the workers' working directory. */
    static String directory(PoolConfig.Interpreter interpreter) {
        Path set = interpreter.workingDirectory();
        return set == null
                ? System.getProperty("user.dir", ".")
                : set.toAbsolutePath().toString();
    }

    private static boolean matches(String pattern, String name) {
        return pattern.endsWith("*")
                ? name.startsWith(pattern.substring(0, pattern.length() - 1))
                : name.equals(pattern);
    }
}
