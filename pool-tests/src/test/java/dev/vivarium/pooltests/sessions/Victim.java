package dev.vivarium.pooltests.sessions;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.vivarium.PoolException;
import dev.vivarium.session.Durability;
import dev.vivarium.session.FileSessionStore;
import dev.vivarium.session.PythonSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.LoggerFactory;

/**
 * The JVM that is killed: counts sessions up on a store in a file, and writes down every call before it makes it, and every
 * answer after it came. Every second session's calls have idempotency keys. Ends when its standard input does.
 *
 * <pre>
 * B number session            a call is about to be made
 * A number session value ns   it was answered; System.nanoTime() then, which is the machine's
 * F number session error      it failed
 * </pre>
 */
public final class Victim {

    /** The environment variable that marks the processes of a round. */
    static final String MARK = "SESSION_STORM_ROUND";

    private final FileChannel book;
    private final AtomicInteger next = new AtomicInteger();
    private final int sessions;

    private Victim(FileChannel book, int sessions) {
        this.book = book;
        this.sessions = sessions;
    }

    static Durability durability(String word) {
        return switch (word) {
            case "FSYNC" -> Durability.FSYNC;
            case "PROCESS_CRASH" -> Durability.PROCESS_CRASH;
            default -> Durability.relaxed(Duration.ofMillis(Long.parseLong(word)));
        };
    }

    static boolean isKeyed(int session) {
        return session % 2 == 1;
    }

    static String key(int number) {
        return "key-" + number;
    }

    /** Counts until it is killed: store, book, durability, sessions, callers, workers, how often to kill, seed, interpreter. */
    public static void main(String[] args) throws Exception {
        ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
        FileSessionStore store = FileSessionStore.open(Path.of(args[0]), durability(args[2]), 1 << 20, 1 << 30);
        FileChannel book = FileChannel.open(
                Path.of(args[1]), StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
        Stage stage = new Stage(
                Integer.parseInt(args[5]),
                args[8],
                store,
                settings -> settings.environment(MARK, System.getenv().getOrDefault(MARK, "")));
        Victim victim = new Victim(book, Integer.parseInt(args[3]));
        int callers = Integer.parseInt(args[4]);
        ExecutorService threads = Executors.newFixedThreadPool(callers);
        for (int i = 0; i < callers; i++) {
            threads.execute(() -> victim.call(stage));
        }
        stage.killEvery(Integer.parseInt(args[6]), new Random(Long.parseLong(args[7])));
        var unused = System.in.readAllBytes();
        Runtime.getRuntime().halt(1);
    }

    private void write(String line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
        synchronized (book) { // In the file, what was answered before another began stands before it.
            book.write(bytes);
        }
    }

    private void call(Stage stage) {
        try {
            while (true) {
                int number = next.getAndIncrement();
                int session = number % sessions;
                PythonSession bound = stage.pool().session("s" + session);
                write("B " + number + " " + session);
                try {
                    int value = (isKeyed(session) ? bound.callOnce(key(number), Stage.COUNT) : bound.call(Stage.COUNT))
                            .await();
                    write("A " + number + " " + session + " " + value + " " + System.nanoTime());
                } catch (PoolException e) {
                    write("F " + number + " " + session + " " + e.toString().replace('\n', ' '));
                }
            }
        } catch (IOException | InterruptedException e) {
            Runtime.getRuntime().halt(2);
        }
    }
}
