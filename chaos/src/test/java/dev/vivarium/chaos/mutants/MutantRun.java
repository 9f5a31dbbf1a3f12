package dev.vivarium.chaos.mutants;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Runs a swarm on cores of which one has a bug. The spoiled class is compiled into a folder of its own, which comes before the
 * product's classes; nothing of it gets out of that folder and of the class loader that reads it.
 */
final class MutantRun {

    private static final String PROBE = "dev.vivarium.chaos.mutants.SwarmProbe";

    private MutantRun() {}

    /** Returns what {@link SwarmProbe} says of a swarm that runs on the bug, or on the cores as they are. */
    static String[] run(Path root, Mutant mutant, boolean withBug, long seed, long runs, long millis) throws Exception {
        Path folder = Files.createTempDirectory("vivarium-mutant");
        try {
            compile(mutant, mutant.source(root, withBug), folder);
            List<URL> path = new ArrayList<>(List.of(folder.toUri().toURL()));
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
                path.add(Path.of(entry).toUri().toURL());
            }
            try (URLClassLoader loader =
                    new URLClassLoader(path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
                Thread thread = Thread.currentThread();
                ClassLoader before = thread.getContextClassLoader();
                thread.setContextClassLoader(loader);
                try {
                    return (String[]) loader.loadClass(PROBE)
                            .getMethod("run", long.class, long.class, long.class)
                            .invoke(null, seed, runs, millis);
                } finally {
                    thread.setContextClassLoader(before);
                }
            }
        } finally {
            remove(folder);
        }
    }

    private static void compile(Mutant mutant, String source, Path folder) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        Path file = Files.createDirectories(folder.resolve("source")).resolve(mutant.core() + ".java");
        Files.writeString(file, source);
        StringWriter said = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            boolean good = compiler.getTask(
                            said,
                            files,
                            null,
                            List.of(
                                    "-proc:none",
                                    "-nowarn",
                                    "-d",
                                    folder.toString(),
                                    "-cp",
                                    System.getProperty("java.class.path")),
                            null,
                            files.getJavaFileObjects(file))
                    .call();
            if (!good) {
                throw new IllegalStateException("'" + mutant + "' does not compile: " + said);
            }
        }
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
