package dev.vivarium.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the process was given as standard input and output. */
final class StandardStreams {

    static final Path INPUT = Path.of("/dev/fd/0");
    static final Path OUTPUT = Path.of("/dev/fd/1");

    private static final int FILE_TYPE = 0xf000;
    private static final int FIFO = 0x1000;
    private static final int SOCKET = 0xc000;

    private StandardStreams() {}

    /**
     * Returns whether the command was started with this descriptor closed. The JVM cannot tell: it has opened files of its
     * own by now, and one of those has the number. The launcher can, and says so.
     */
    static boolean wasClosed(int descriptor) {
        String closed = System.getenv("VIVARIUM_CLOSED");
        return closed != null && closed.contains(Integer.toString(descriptor));
    }

    /** Returns standard input; closing it does nothing. */
    static InputStream input() {
        return new FilterInputStream(System.in) {
            @Override
            public void close() {
                // Java opens /dev/null in its place, which fails when no more files may be opened.
            }
        };
    }

    /** Returns standard output, unbuffered; closing it does nothing. */
    static OutputStream output() {
        return new FileOutputStream(FileDescriptor.out) {
            @Override
            public void close() {
                // As above: everything has been written by then, and it would be said to have failed.
            }
        };
    }

    /** Returns the status for a failure to write to {@code target}: a pipe fails when its reader has left. */
    static int statusOfFailedWrite(Path target) {
        return isPipe(target) ? ExitCode.BROKEN_PIPE : ExitCode.IO_ERROR;
    }

    // By the file's type and not by the error's text, which is in the user's language.
    private static boolean isPipe(Path target) {
        try {
            int type = (int) Files.getAttribute(target, "unix:mode") & FILE_TYPE;
            return type == FIFO || type == SOCKET;
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return false;
        }
    }
}
