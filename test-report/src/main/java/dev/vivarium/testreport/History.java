package dev.vivarium.testreport;

import java.nio.file.Path;
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

    private static final RecordFile<BuildRecord> FILES = new RecordFile<>(BuildRecord.class);

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
        return new History(FILES.read(file, notes).stream()
                .filter(each -> each.isOfKindOf(build) && !each.isSameAs(build) && each.status() == 0)
                .toList());
    }

    /** Adds a build to a file, or puts it in the place of its record: a report may be made again, and know more. */
    static void add(Path file, BuildRecord build) {
        FILES.add(file, build, build::isSameAs);
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
