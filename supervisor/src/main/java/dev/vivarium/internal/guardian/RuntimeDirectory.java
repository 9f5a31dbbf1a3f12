package dev.vivarium.internal.guardian;

import dev.vivarium.PoolStartFailed;
import dev.vivarium.PoolStartFailed.Reason;
import dev.vivarium.internal.channel.IoLoop;
import dev.vivarium.internal.channel.PipeData;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pool's private directory (mode 0700): socket, pipes, status page, guardian's log, and a lock that is held while the JVM
 * lives, by which later pools see that a directory was left behind. Its methods block.
 */
public final class RuntimeDirectory implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RuntimeDirectory.class);
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final String LOCK = "lock";
    private static final String OWNER = "owner";

    /** Names this JVM, and no later one that has the same number. */
    private static final String SELF = ProcessHandle.current().pid() + " started "
            + ProcessHandle.current()
                    .info()
                    .startInstant()
                    .map(Instant::toString)
                    .orElse("at an unknown time");

    /** How often a directory is gone through to remove it. */
    private static final int MOST_DELETIONS = 100;

    private final Path path;
    private final FileChannel lockFile;

    private RuntimeDirectory(Path path, FileChannel lockFile) {
        this.path = path;
        this.lockFile = lockFile;
    }

    /**
     * Makes a directory in {@code parent}, after removing those that dead JVMs of this user left there.
     *
     * @param token makes its name unique
     * @throws PoolStartFailed when it cannot be made, or its paths would be too long for a socket
     */
    public static RuntimeDirectory create(Path parent, String pool, String token) {
        Path home = home(parent);
        Path path = home.resolve(pool + "-" + token);
        int length = path.resolve("socket").toString().getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
        if (length > IoLoop.MAX_SOCKET_PATH) {
            throw new PoolStartFailed(
                    Reason.NO_RUNTIME_DIRECTORY,
                    "the path of the pool's socket may have " + IoLoop.MAX_SOCKET_PATH + " bytes, '"
                            + path.resolve("socket") + "' has " + length + "; choose a shorter runtimeDirectory",
                    null);
        }
        return create(home, path);
    }

    /**
     * Makes a directory of another name beside those that {@link #create(Path, String, String)} makes, for what needs no socket.
     *
     * @throws PoolStartFailed when it cannot be made
     */
    static RuntimeDirectory createForSegments(Path parent, String pool, String token) {
        Path home = home(parent);
        return create(home, home.resolve(pool + "-segments-" + token));
    }

    private static Path home(Path parent) {
        return parent.resolve("vivarium-" + System.getProperty("user.name", "user"))
                .toAbsolutePath();
    }

    private static RuntimeDirectory create(Path home, Path path) {
        try {
            makePrivate(home);
            // One at a time, over all JVMs: a directory whose lock is not held yet must not look abandoned to another.
            synchronized (RuntimeDirectory.class) {
                try (FileChannel homeFile = FileChannel.open(
                                home.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                        FileLock homeLock = homeFile.lock()) {
                    sweep(home);
                    return make(path, homeLock);
                }
            }
        } catch (IOException | UnsupportedOperationException e) {
            throw new PoolStartFailed(
                    Reason.NO_RUNTIME_DIRECTORY,
                    "the private directory " + path + " cannot be made (" + e
                            + "); choose a runtimeDirectory that this user can write to",
                    e);
        }
    }

    private static RuntimeDirectory make(Path path, FileLock homeLock) throws IOException {
        if (!homeLock.isValid()) {
            throw new IOException("the lock of the directories' folder was lost");
        }
        Files.createDirectory(path, PRIVATE);
        FileChannel lockFile =
                FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        FileLock held = lockFile.tryLock();
        if (held == null) {
            lockFile.close();
            throw new IOException("the lock of a new directory is taken");
        }
        Files.writeString(path.resolve(OWNER), SELF);
        return new RuntimeDirectory(path, lockFile);
    }

    /** Makes a folder that belongs to this user and that nobody else can enter, or checks that it is one. */
    static void makePrivate(Path folder) throws IOException {
        try {
            Files.createDirectories(folder.toAbsolutePath().getParent());
            Files.createDirectory(folder, PRIVATE);
        } catch (java.nio.file.FileAlreadyExistsException e) {
            // Compared with a file that is surely ours: a user need not have a name, as in many containers.
            Path probe = Files.createTempFile(folder, "probe", null);
            String owner = Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).getName();
            String self = Files.getOwner(probe, LinkOption.NOFOLLOW_LINKS).getName();
            Files.delete(probe);
            Set<PosixFilePermission> mode = Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS);
            boolean ours = owner.equals(self)
                    && Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
                    && mode.stream().allMatch(permission -> permission.name().startsWith("OWNER_"));
            if (!ours) {
                throw new IOException(
                        folder + " belongs to " + owner + " with mode " + PosixFilePermissions.toString(mode)
                                + "; it must be this user's own, with mode rwx------",
                        e);
            }
        }
    }

    private static void sweep(Path home) throws IOException {
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(home, Files::isDirectory)) {
            for (Path directory : directories) {
                if (Files.exists(directory.resolve(LOCK)) && isAbandoned(directory)) {
                    log.info("removing {}, which a JVM that is gone left behind", directory);
                    delete(directory);
                }
            }
        }
    }

    private static boolean isAbandoned(Path directory) {
        // A process that closes any descriptor of a file loses all its locks on it: a lock of this JVM's must not even
        // be looked at.
        if (isOurs(directory)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(directory.resolve(LOCK), StandardOpenOption.WRITE);
                FileLock taken = channel.tryLock()) {
            return taken != null;
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isOurs(Path directory) {
        try {
            return Files.readString(directory.resolve(OWNER)).equals(SELF);
        } catch (IOException e) {
            return false; // Whoever made it did not come as far as that, or is removing it.
        }
    }

    /** Returns the directory. */
    public Path path() {
        return path;
    }

    /** Returns the path of the pool's socket. */
    public Path socket() {
        return path.resolve("socket");
    }

    /** Returns the path of the status page. */
    public Path statusPage() {
        return path.resolve("status");
    }

    /** Returns the paths of the pipes of a worker. */
    public PipeData.Paths pipes(int slot, int incarnation) {
        String worker = "data-" + slot + "." + incarnation;
        return new PipeData.Paths(path.resolve(worker + ".in"), path.resolve(worker + ".out"));
    }

    /** Returns the path of what the guardian writes to standard error. */
    public Path guardianLog() {
        return path.resolve("guardian.log");
    }

    /** Removes the directory and lets go of the lock. */
    @Override
    public void close() {
        delete(path);
        IoLoop.closeQuietly(lockFile);
    }

    /**
     * Removes a directory, again where others remove, or make, files in it meanwhile: the guardian, and channels that are being closed.
     */
    static void delete(Path directory) {
        for (int i = 0; i < MOST_DELETIONS && Files.exists(directory); i++) {
            deleteOnce(directory);
        }
    }

    private static void deleteOnce(Path directory) {
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                    if (e instanceof NoSuchFileException) {
                        return FileVisitResult.CONTINUE;
                    }
                    throw e;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(
                        Path folder, java.io.@org.jspecify.annotations.Nullable IOException e) throws IOException {
                    Files.deleteIfExists(folder);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            log.debug("{} could not be removed", directory, e);
        }
    }
}
