package dev.vivarium.internal.attachment;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of files, private to this user, that Java and Python map.
 *
 * <p>Memory that is mapped and not there is a signal that ends the process, so a new file is written, all of it, before it is
 * mapped: a full file system is an error of the writing. And a mapping lasts until the garbage collector finds it, so the
 * memory is given back by cutting the file to nothing; what is left of the mapping is a range of addresses.
 */
public final class FileFolder implements SegmentFolder {

    private static final Logger log = LoggerFactory.getLogger(FileFolder.class);
    private static final int BLOCK = 64 * 1024;

    private final Path path;
    private final Runnable whenClosed;

    /**
     * Takes a folder over.
     *
     * @param whenClosed removes it
     */
    public FileFolder(Path path, Runnable whenClosed) {
        this.path = path;
        this.whenClosed = whenClosed;
    }

    @Override
    public Path path() {
        return path;
    }

    private Path file(long number) {
        return path.resolve(Long.toString(number));
    }

    @Override
    public ByteBuffer create(long number, int bytes) throws IOException {
        boolean made = false;
        try {
            fill(number, bytes);
            ByteBuffer mapped = map(number, bytes);
            made = true;
            return mapped;
        } finally {
            if (!made) {
                Files.deleteIfExists(file(number));
            }
        }
    }

    /** Not through a channel, which an interrupt of the caller's thread would close. */
    private void fill(long number, int bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(file(number).toFile(), "rw")) {
            byte[] zeros = new byte[Math.min(BLOCK, bytes)];
            for (int left = bytes; left > 0; left -= zeros.length) {
                file.write(zeros, 0, Math.min(left, zeros.length));
            }
        }
    }

    private ByteBuffer map(long number, int bytes) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try (RandomAccessFile file = new RandomAccessFile(file(number).toFile(), "rw");
                        FileChannel channel = file.getChannel()) {
                    return channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes);
                } catch (ClosedByInterruptException e) {
                    interrupted = Thread.interrupted() || interrupted;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt(); // It is for what the caller does next.
            }
        }
    }

    @Override
    public void destroy(long number) {
        try (RandomAccessFile file = new RandomAccessFile(file(number).toFile(), "rw")) {
            file.setLength(0);
        } catch (IOException e) {
            log.debug("segment {} of {} is gone already", number, path, e);
        }
        try {
            Files.deleteIfExists(file(number));
        } catch (IOException e) {
            log.debug(
                    "segment {} of {} could not be removed; its folder will be, with all that is in it",
                    number,
                    path,
                    e);
        }
    }

    @Override
    public void close() {
        whenClosed.run();
    }
}
