package dev.vivarium.testreport;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The builds that were recorded before, in a file with a line for each, the oldest first. */
final class History {

    /** How many builds of a kind a trend shows; older ones stay in the file. */
    static final int TREND_LENGTH = 50;

    /** Of so many builds the usual time of a class is the median. */
    static final int USUAL_OF = 5;

    /** Before so many builds there is no usual time. */
    static final int USUAL_FROM = 3;

    /** A class is slower when it takes so many times its usual time. */
    static final double SLOWER_TIMES = 1.5;

    /** A class is slower when it takes so many seconds more than usual; less is the machine's. */
    static final double SLOWER_SECONDS = 0.5;

    private static final ObjectMapper JSON = new ObjectMapper()
            .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false)
            .configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true);

    /**
     * A class that takes longer than it used to.
     *
     * @param type the class
     * @param seconds what its tests took
     * @param usual the median of the last builds of the kind
     */
    record Slower(String type, double seconds, double usual) {}

    private final List<BuildRecord> earlier;

    private History(List<BuildRecord> earlier) {
        this.earlier = earlier;
    }

    static History none() {
        return new History(List.of());
    }

    /**
     * Reads the builds before one, of its kind, that ended well. A file that is not there has none.
     *
     * @param notes is told of lines that are no records: a program that was killed leaves half a line
     */
    static History before(Path file, BuildRecord build, Consumer<String> notes) {
        return new History(read(file, notes).stream()
                .filter(each -> each.isOfKindOf(build) && !each.isSameAs(build) && each.status() == 0)
                .toList());
    }

    private static List<BuildRecord> read(Path file, Consumer<String> notes) {
        if (!Files.exists(file)) {
            return List.of();
        }
        List<BuildRecord> builds = new ArrayList<>();
        int number = 0;
        for (String line : lines(file)) {
            number++;
            try {
                if (!line.isBlank()) {
                    builds.add(JSON.readValue(line, BuildRecord.class));
                }
            } catch (JsonProcessingException e) {
                notes.accept(file + ", line " + number + ", is no record of a build, and is left out");
            }
        }
        return builds;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    /**
     * Adds a build to a file, or puts it in the place of its record: a report may be made again, and know more. Lines that are no records
     * stay.
     */
    static void add(Path file, BuildRecord build) {
        List<String> kept = new ArrayList<>();
        for (String line : Files.exists(file) ? lines(file) : List.<String>of()) {
            if (!isOf(line, build)) {
                kept.add(line);
            }
        }
        try {
            kept.add(JSON.writeValueAsString(build));
            Path target = file.toAbsolutePath();
            Path folder = Objects.requireNonNull(target.getParent());
            Files.createDirectories(folder);
            Path whole = Files.createTempFile(folder, "builds", ".new");
            Files.write(whole, kept);
            Files.move(whole, target, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot add the build to " + file, e);
        }
    }

    private static boolean isOf(String line, BuildRecord build) {
        try {
            return !line.isBlank() && JSON.readValue(line, BuildRecord.class).isSameAs(build);
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    /** Returns the last builds and this one, for a trend. */
    List<BuildRecord> trend(BuildRecord build) {
        List<BuildRecord> builds =
                new ArrayList<>(earlier.subList(Math.max(0, earlier.size() - (TREND_LENGTH - 1)), earlier.size()));
        builds.add(build);
        return builds;
    }

    boolean knowsUsualTimes() {
        return earlier.size() >= USUAL_FROM;
    }

    /** Returns the classes that got slower, those that lost most time first. */
    List<Slower> slower(BuildRecord build) {
        List<BuildRecord> last = earlier.subList(Math.max(0, earlier.size() - USUAL_OF), earlier.size());
        List<Slower> slower = new ArrayList<>();
        for (Map.Entry<String, Double> now : new TreeMap<>(build.types()).entrySet()) {
            List<Double> before = last.stream()
                    .map(each -> each.types().get(now.getKey()))
                    .filter(Objects::nonNull)
                    .sorted()
                    .toList();
            if (before.size() < USUAL_FROM) {
                continue;
            }
            double usual = (before.get((before.size() - 1) / 2) + before.get(before.size() / 2)) / 2;
            if (now.getValue() >= usual * SLOWER_TIMES && now.getValue() >= usual + SLOWER_SECONDS) {
                slower.add(new Slower(now.getKey(), now.getValue(), usual));
            }
        }
        slower.sort((a, b) -> Double.compare(b.seconds() - b.usual(), a.seconds() - a.usual()));
        return slower;
    }
}
