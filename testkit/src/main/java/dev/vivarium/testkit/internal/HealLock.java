package dev.vivarium.testkit.internal;

import dev.vivarium.testkit.FaultLease;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A file that this JVM has locked for as long as a fault is not healed. A Python worker waits for the lock; and gets it, too,
 * when the JVM ends.
 */
final class HealLock {

    private static final AtomicLong NUMBERS = new AtomicLong();

    private HealLock() {}

    /** Has a handler that keeps the record hang at its start in a call, until the fault is healed. */
    static void hang(Path gates, long callId, FaultLease lease) throws IOException {
        lock(gates.resolve(".hang-" + callId), lease);
    }

    /** Returns the name of a new lock among the gates. */
    static String create(Path gates, FaultLease lease) throws IOException {
        Path file = gates.resolve(".lease-" + NUMBERS.incrementAndGet());
        lock(file, lease);
        return file.getFileName().toString();
    }

    private static void lock(Path file, FaultLease lease) throws IOException {
        // Made under another name: a worker that finds it must find it locked.
        Path fresh = file.resolveSibling(file.getFileName() + "-" + NUMBERS.incrementAndGet());
        FileChannel channel = FileChannel.open(fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        var unused = channel.lock();
        var unusedPath = Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
        lease.onHeal(() -> release(channel, file));
    }

    private static void release(FileChannel channel, Path file) {
        try {
            channel.close();
            var unused = Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
