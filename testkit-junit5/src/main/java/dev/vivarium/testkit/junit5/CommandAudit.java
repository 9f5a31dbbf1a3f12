package dev.vivarium.testkit.junit5;

import dev.vivarium.testkit.Leak;
import dev.vivarium.testkit.LeakAudit;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test of a command-line program that leaves something behind: a process of the program or of its pools, a temporary
 * file, or a pool's private directory. Used by one test at a time.
 *
 * <pre>{@code
 * @RegisterExtension
 * final CommandAudit audit = new CommandAudit();
 *
 * @Test
 * void answers() throws Exception {
 *     ProcessBuilder command = new ProcessBuilder("java", "-Djava.io.tmpdir=" + audit.folder(), "-jar", "service.jar");
 *     Process process = audit.mark(command).start();
 *     ...
 * }
 * }</pre>
 */
public final class CommandAudit implements BeforeEachCallback, AfterEachCallback {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Duration patience;
    private @Nullable Path folder;
    private @Nullable LeakAudit audit;

    /** Creates an audit that waits up to 30 seconds for what is ending. */
    public CommandAudit() {
        this(PATIENCE);
    }

    /**
     * Creates an audit.
     *
     * @param patience how long what is ending may take to end
     */
    public CommandAudit(Duration patience) {
        this.patience = patience;
    }

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        // A short path: those of sockets must be.
        Path own = Files.createTempDirectory("vtk").toRealPath();
        folder = own;
        audit = new LeakAudit(name(own), name(own), own, patience);
    }

    /**
     * Returns the folder for temporary files of the program under test. A JVM has to be told of it as
     * {@code -Djava.io.tmpdir}.
     *
     * @throws IllegalStateException outside of a test
     */
    public Path folder() {
        Path own = folder;
        if (own == null) {
            throw new IllegalStateException("no test is running");
        }
        return own;
    }

    /** Marks a program that is about to be started, and tells it of the folder in {@code TMPDIR}. Returns the same builder. */
    public ProcessBuilder mark(ProcessBuilder program) {
        program.environment().put(LeakAudit.MARK, name(folder()));
        program.environment().put("TMPDIR", folder().toString());
        return program;
    }

    private static String name(Path folder) {
        return folder.getFileName().toString();
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException, InterruptedException {
        LeakAudit begun = audit;
        if (begun == null) {
            return;
        }
        List<Leak> leaks;
        try {
            leaks = begun.verify();
        } finally {
            delete(folder());
            folder = null;
        }
        if (!leaks.isEmpty()) {
            throw new AssertionError("the test left behind:\n  "
                    + String.join("\n  ", leaks.stream().map(Leak::toString).toList()));
        }
    }

    private static void delete(Path root) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                    throws IOException {
                Files.deleteIfExists(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
