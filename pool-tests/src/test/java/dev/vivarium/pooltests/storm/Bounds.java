package dev.vivarium.pooltests.storm;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** Compares what this JVM has before and after a program. What was planted is taken away again at the end. */
final class Bounds {

    private final Options options;
    private final Footprint before;
    private final List<Object> planted = new ArrayList<>();
    private final CountDownLatch release = new CountDownLatch(1);

    /** Begins, after a pool has come and gone, so that what the JVM loads once is there already. */
    Bounds(Options options) throws Exception {
        this.options = options;
        try (Stage warm = new Stage(options, 0, List.of(), event -> {})) {
            var unused = new Callers(warm, options, 1, 0, null).one(true);
            warm.endWatching();
        }
        // Finds the jars that the class loader opens when it gets to them.
        var unused = ClassLoader.getSystemResource("no/such/thing");
        before = Footprint.before();
    }

    /** Compares. Nothing of the program's may be held any more, or it counts. */
    List<Check> check() throws IOException {
        plant();
        Footprint after = Footprint.settled(before);
        List<Check> checks = before.compare(after);
        uproot();
        return checks;
    }

    private void plant() throws IOException {
        if (options.plants(Sabotage.THREADS)) {
            Thread thread = new Thread(this::untilReleased, "planted");
            thread.setDaemon(true);
            thread.start();
        }
        if (options.plants(Sabotage.DESCRIPTORS)) {
            planted.add(Files.newInputStream(Path.of("/dev/null")));
        }
        if (options.plants(Sabotage.CHILDREN)) {
            planted.add(new ProcessBuilder("sleep", "600").start());
        }
        if (options.plants(Sabotage.HEAP)) {
            planted.add(new byte[8 << 20]);
        }
    }

    private void untilReleased() {
        try {
            release.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void uproot() throws IOException {
        release.countDown();
        for (Object thing : planted) {
            if (thing instanceof Closeable stream) {
                stream.close();
            } else if (thing instanceof Process process) {
                process.destroyForcibly();
            }
        }
        planted.clear();
    }

    /** How long a pool has after a program to be as it was before. */
    static Duration recovery() {
        return Duration.ofSeconds(60);
    }
}
