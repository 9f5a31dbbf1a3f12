package dev.vivarium.internal.context;

import dev.vivarium.PoolConfig;
import java.nio.file.Path;
import java.util.List;

/** What workers load, as it is told to Python processes. */
public final class WorkerSources {

    private WorkerSources() {}

    /** Returns the folders put before {@code sys.path}, absolute. */
    public static List<String> pythonPath(PoolConfig config) {
        return config.interpreter().pythonPath().stream()
                .map(folder -> folder.toAbsolutePath().toString())
                .toList();
    }

    /** Returns the sources of handlers: files, absolute, and names of modules. */
    public static List<String> handlers(PoolConfig config) {
        return config.handlers().stream()
                .map(source -> source.endsWith(".py")
                        ? Path.of(source).toAbsolutePath().toString()
                        : source)
                .toList();
    }
}
