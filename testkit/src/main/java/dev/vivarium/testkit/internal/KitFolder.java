package dev.vivarium.testkit.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The folder of one test pool. Its path is short, because paths of Unix sockets must be. */
public final class KitFolder implements AutoCloseable {

    private static final String HANDLERS = "vivarium_testkit.py";

    private final Path root;

    private KitFolder(Path root) {
        this.root = root;
    }

    /** Makes a new folder. */
    public static KitFolder create() {
        try {
            KitFolder folder = new KitFolder(Files.createTempDirectory("vtk"));
            for (Path part :
                    List.of(folder.runtime(), folder.gates(), folder.sockets(), folder.python(), folder.temporary())) {
                Files.createDirectory(part);
            }
            try (InputStream handlers =
                    KitFolder.class.getResourceAsStream("/dev/vivarium/testkit/python/" + HANDLERS)) {
                if (handlers == null) {
                    throw new IllegalStateException("the kit's jar lacks " + HANDLERS);
                }
                Files.copy(handlers, folder.kitHandlers());
            }
            SharedPackage.linkIn(folder.runtime());
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns where the pool's private directory goes. */
    public Path runtime() {
        return root.resolve("run");
    }

    /** Returns where gates are. */
    public Path gates() {
        return root.resolve("gates");
    }

    /** Returns where the proxy's sockets go. */
    public Path sockets() {
        return root.resolve("s");
    }

    /** Returns where the workers' temporary files go. */
    public Path temporary() {
        return root.resolve("tmp");
    }

    /** Returns the file of the executions. */
    public Path record() {
        return root.resolve("record");
    }

    /** Returns the folder of the kit's Python module. */
    public Path python() {
        return root.resolve("py");
    }

    /** Returns the kit's Python module. */
    public Path kitHandlers() {
        return python().resolve(HANDLERS);
    }

    /** Removes everything. Idempotent. */
    @Override
    public void close() {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                var unused = Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
