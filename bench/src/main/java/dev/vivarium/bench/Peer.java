package dev.vivarium.bench;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Another way to call Python from Java, which {@link Benchmark#PEERS} does the same work on. Found by
 * {@link java.util.ServiceLoader}: what needs libraries is in artifacts of its own.
 */
public interface Peer {

    /** Returns its name in reports. */
    String name();

    /**
     * Starts it.
     *
     * @param python the interpreter
     * @param folder where it may make files; removed with all that is in it after the peer was closed
     * @throws BenchUnavailable when this machine, or this interpreter, lacks what it needs: it is left out of the report, which says why
     * @throws Exception when it cannot be started for another reason
     */
    Started start(String python, Path folder) throws Exception;

    /** A peer that runs. Used by one thread. */
    interface Started extends AutoCloseable {

        /** Returns calls of one caller who waits for each: a small JSON object there and back, from and to Java's objects. */
        Subject small();

        /** Returns the same calls from one thread, so many of them in flight; empty where that is no use. */
        default Optional<Subject> inFlight(int most) {
            return Optional.empty();
        }

        /** Returns calls of one caller who waits for each: bytes there and back. */
        Subject bytes(byte[] body);

        /** Ends it, and returns when nothing of it is left. */
        @Override
        void close();
    }
}
