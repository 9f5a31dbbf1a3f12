package dev.vivarium.testkit.junit5;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Seeds with which tests have failed, in a file that outlives the build. Nothing is taken out of it but by hand, or when a
 * test has more than {@value #MOST_PER_TEST}: a seed that passes again guards against what it found. Threads, and builds that run
 * at the same time, may share a file.
 *
 * <p>A line is {@code SEED TAB LAYER TAB TEST}; the layer is {@value #NO_LAYER} where a test has none. Lines that begin with
 * {@code #} are comments.
 */
final class FailingSeeds {

    /** The configuration parameter, or system property, with the file. Default: none, and nothing is kept. */
    static final String FILE = "vivarium.testkit.failing-seeds";

    /** How many seeds of one test, on one layer, are kept; the oldest go. */
    static final int MOST_PER_TEST = 10;

    static final String NO_LAYER = "-";

    private static final String HEAD =
            "# Seeds with which tests failed: they are run again first. Delete a line when its failure is no longer of interest.\n";

    /** A lock of the file is the whole JVM's, so its threads need one of their own. */
    private static final Object IN_THIS_JVM = new Object();

    private record Line(long seed, String layer, String test) {
        boolean isOf(String wantedTest, String wantedLayer) {
            return test.equals(wantedTest) && layer.equals(wantedLayer);
        }
    }

    private final Path file;

    FailingSeeds(Path file) {
        this.file = file.toAbsolutePath();
    }

    /** Returns the file that a run is told to use. */
    static Optional<FailingSeeds> of(ExtensionContext context) {
        return context.getConfigurationParameter(FILE)
                .filter(name -> !name.isBlank())
                .map(name -> new FailingSeeds(Path.of(name)));
    }

    /** Returns the seeds with which a test failed on a layer, the oldest first. */
    List<Long> of(String test, String layer) {
        return lines().stream()
                .filter(line -> line.isOf(test, layer))
                .map(Line::seed)
                .toList();
    }

    /** Returns the seeds with which a test, or any of a class, failed on any layer, the oldest first. */
    List<Long> ofAny(String selection) {
        return lines().stream()
                .filter(line -> line.test().equals(selection) || line.test().startsWith(selection + "#"))
                .map(Line::seed)
                .distinct()
                .toList();
    }

    /**
     * Adds a seed, unless it is there.
     *
     * @throws UncheckedIOException if the file cannot be written
     */
    void add(String test, String layer, long seed) {
        synchronized (IN_THIS_JVM) {
            try {
                if (file.getParent() != null) {
                    Files.createDirectories(file.getParent());
                }
                try (FileChannel channel = FileChannel.open(
                        file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                    var unused = channel.lock(); // Until the channel closes.
                    add(channel, new Line(seed, layer, test));
                }
            } catch (IOException e) {
                throw new UncheckedIOException("cannot keep the failing seed " + seed + " in " + file, e);
            }
        }
    }

    private void add(FileChannel channel, Line line) throws IOException {
        String text = new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
        List<String> kept = new ArrayList<>((text.isEmpty() ? HEAD : text)
                .lines()
                .filter(each -> !each.isBlank())
                .toList());
        List<Integer> same = new ArrayList<>();
        for (int i = 0; i < kept.size(); i++) {
            Optional<Line> parsed = parse(kept.get(i), i + 1);
            if (parsed.equals(Optional.of(line))) {
                return;
            }
            if (parsed.filter(each -> each.isOf(line.test(), line.layer())).isPresent()) {
                same.add(i);
            }
        }
        if (same.size() >= MOST_PER_TEST) {
            kept.remove((int) same.get(0));
        }
        kept.add(line.seed() + "\t" + line.layer() + "\t" + line.test());
        // Written over in place, blank lines where it was longer: whoever is killed in between has lost no seed, and
        // the file stays the
        // one that is locked.
        String lines = String.join("\n", kept) + "\n";
        ByteBuffer bytes =
                StandardCharsets.UTF_8.encode(lines + "\n".repeat(Math.max(0, bytesOf(text) - bytesOf(lines))));
        for (int at = 0; bytes.hasRemaining(); at += channel.write(bytes, at)) {}
    }

    private static int bytesOf(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private List<Line> lines() {
        synchronized (IN_THIS_JVM) {
            if (!Files.exists(file)) {
                return List.of();
            }
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                var unused = channel.lock(0, Long.MAX_VALUE, true);
                String text = new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
                List<Line> lines = new ArrayList<>();
                int number = 0;
                for (String each : text.lines().toList()) {
                    number++;
                    parse(each, number).ifPresent(lines::add);
                }
                return lines;
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read the failing seeds in " + file, e);
            }
        }
    }

    private Optional<Line> parse(String text, int number) {
        if (text.isBlank() || text.startsWith("#")) {
            return Optional.empty();
        }
        String[] parts = text.split("\t", -1);
        try {
            if (parts.length == 3) {
                return Optional.of(new Line(Long.parseLong(parts[0]), parts[1], parts[2]));
            }
        } catch (NumberFormatException e) {
            throw wrong(text, number, e);
        }
        throw wrong(text, number, null);
    }

    private IllegalStateException wrong(String text, int number, @Nullable NumberFormatException cause) {
        return new IllegalStateException(
                file + ", line " + number + ": expected SEED, LAYER and TEST with tabs between them, got: " + text,
                cause);
    }
}
