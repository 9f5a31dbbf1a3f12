package dev.vivarium.cli;

import dev.vivarium.PoolConfigBuilder;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** {@code --handlers}: a file, or a module that is found where {@code python -m} would find it. */
final class HandlerSource {

    private HandlerSource() {}

    static boolean isFile(String handlers) {
        return handlers.endsWith(".py");
    }

    /** Has the workers load {@code handlers}; imports see PYTHONPATH and, for a module, the current folder before it. */
    static void configure(PoolConfigBuilder config, String handlers) {
        config.handlers(handlers)
                .inheritEnvironment(Stream.concat(PoolConfigBuilder.DEFAULT_INHERITED.stream(), Stream.of("PYTHONPATH"))
                        .toList());
        if (!isFile(handlers)) {
            config.pythonPath(List.of(Path.of("").toAbsolutePath()));
        }
    }
}
