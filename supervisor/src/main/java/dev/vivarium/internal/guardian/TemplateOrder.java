package dev.vivarium.internal.guardian;

import dev.vivarium.PoolConfig;
import dev.vivarium.TemplatePolicy;
import dev.vivarium.internal.context.WorkerSources;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the guardian is told about the template. A worker is forked only if environment, directory and arguments of its SPAWN are
 * these.
 *
 * @param environment the whole environment
 * @param directory the working directory
 * @param interpreterArguments arguments for the interpreter itself
 * @param pythonPath folders put before {@code sys.path}
 * @param preload modules to import
 * @param handlers sources of handlers to load, none where workers do that
 * @param forkSafe modules and sources that may have threads
 * @param spares processes to fork ahead of time
 * @param loadMillis how long loading may take
 */
record TemplateOrder(
        Map<String, String> environment,
        String directory,
        List<String> interpreterArguments,
        List<String> pythonPath,
        List<String> preload,
        List<String> handlers,
        List<String> forkSafe,
        int spares,
        long loadMillis) {

    /** Returns what a pool's options ask for; null when there is to be no template. */
    static @Nullable TemplateOrder of(PoolConfig config) {
        TemplatePolicy policy = config.template();
        if (!policy.isOn()) {
            return null;
        }
        PoolConfig.Interpreter interpreter = config.interpreter();
        List<String> named = config.handlers();
        List<String> sources = WorkerSources.handlers(config);
        return new TemplateOrder(
                WorkerEnvironment.of(interpreter),
                WorkerEnvironment.directory(interpreter),
                interpreter.arguments(),
                WorkerSources.pythonPath(config),
                policy.preload(),
                policy.handlers() ? sources : List.of(),
                policy.forkSafe().stream()
                        .map(source -> named.contains(source) ? sources.get(named.indexOf(source)) : source)
                        .toList(),
                policy.spares(),
                config.timeouts().load().toMillis());
    }

    /** Names the variables, never their values. */
    @Override
    public String toString() {
        return "TemplateOrder[environment=" + environment.keySet() + ", directory=" + directory + ", preload=" + preload
                + "]";
    }
}
