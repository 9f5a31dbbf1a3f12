package dev.vivarium.testkit.internal;

import dev.vivarium.internal.guardian.PythonPackage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;

/**
 * The pool's Python package, unpacked once for all test pools of this user, where pools of services unpack it as well: each has a
 * runtime directory of its own, and its first worker would compile the package anew, which takes as long as all else that a
 * small test does. Its name is that of its contents, and it is kept, as after any pool.
 */
final class SharedPackage {

    private SharedPackage() {}

    /** Makes a pool whose runtime directory this is find the shared package, where it would unpack it else. */
    static void linkIn(Path runtime) throws IOException {
        Path link = runtime.resolve(Holder.ROOT.relativize(Holder.UNPACKED));
        Files.createDirectory(
                link.getParent(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.createSymbolicLink(link, Holder.UNPACKED);
    }

    private static final class Holder {
        static final Path ROOT = Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath();
        static final Path UNPACKED = unpack();

        private static Path unpack() {
            try {
                return PythonPackage.unpack(ROOT, "kit-" + UUID.randomUUID());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
