package dev.vivarium.pooltests.storm;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What this JVM has at one moment.
 *
 * @param threads its threads by name, numbers left out
 * @param descriptors its open descriptors by what they are of
 * @param children the processes below it
 * @param heap the live heap after collection, in bytes
 */
record Footprint(
        Map<String, Integer> threads, Map<String, Integer> descriptors, Map<String, Integer> children, long heap) {

    /** How much more live heap there may be. */
    static final long HEAP_SLACK = 5L << 20;

    private static final long PATIENCE_S = 20;
    private static final int COLLECTIONS = 4;

    /** The JVM's own thread that waits for child processes, which it keeps for a minute. */
    private static final String REAPER = "process reaper";

    static Footprint take() throws IOException {
        Map<String, Integer> threads = new TreeMap<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            String name = thread.getName().replaceAll("[0-9]+", "#");
            if (!name.startsWith(REAPER)) {
                threads.merge(name, 1, Integer::sum);
            }
        }
        Map<String, Integer> descriptors = new TreeMap<>();
        Path table = Path.of("/proc/self/fd");
        try (Stream<Path> open = Files.list(table)) {
            for (Path descriptor : open.toList()) {
                target(descriptor)
                        .filter(target -> !target.startsWith("/proc/"))
                        .ifPresent(target -> descriptors.merge(target.replaceAll("[0-9]+", "#"), 1, Integer::sum));
            }
        }
        Map<String, Integer> children = new TreeMap<>();
        ProcessHandle.current()
                .descendants()
                .forEach(child -> children.merge(child.info().command().orElse("ended"), 1, Integer::sum));
        return new Footprint(threads, descriptors, children, liveHeap());
    }

    /** Returns what a descriptor is of; empty when it is closed by now, as that is which listed the others. */
    private static Optional<String> target(Path descriptor) {
        try {
            return Optional.of(Files.readSymbolicLink(descriptor).toString());
        } catch (IOException closed) {
            return Optional.empty();
        }
    }

    /** Takes one when the threads of actor systems that have ended are gone, or that has not come for a while. */
    static Footprint before() throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while (true) {
            Footprint now = take();
            if (now.threads.keySet().stream().noneMatch(name -> name.contains("-pekko."))
                    || System.nanoTime() - end > 0) {
                return now;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }

    /** Takes one as soon as it is {@code like} an earlier one, or when that has not come for a while. */
    static Footprint settled(Footprint like) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        Predicate<Footprint> same = now -> now.threads.equals(like.threads)
                && now.descriptors.equals(like.descriptors)
                && now.children.equals(like.children);
        while (true) {
            Footprint now = take();
            if (same.test(now) || System.nanoTime() - end > 0) {
                return now;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }

    private static long liveHeap() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            least = Math.min(
                    least,
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return least;
    }

    /** Compares this, from before, with what is there {@code after}. */
    List<Check> compare(Footprint after) {
        List<Check> checks = new ArrayList<>();
        checks.add(same("threads", threads, after.threads));
        checks.add(same("descriptors", descriptors, after.descriptors));
        checks.add(same("children", children, after.children));
        double more = (after.heap - heap) / (double) (1 << 20);
        checks.add(new Check(
                "heap",
                after.heap - heap <= HEAP_SLACK,
                "at most " + (HEAP_SLACK >> 20) + " MiB more",
                String.format(Locale.ROOT, "%+.2f MiB: %.2f, then %.2f", more, mib(heap), mib(after.heap))));
        return checks;
    }

    private static double mib(long bytes) {
        return bytes / (double) (1 << 20);
    }

    private static Check same(String name, Map<String, Integer> before, Map<String, Integer> after) {
        Map<String, Integer> differences = new TreeMap<>(after);
        before.forEach((what, count) -> differences.merge(what, -count, Integer::sum));
        differences.values().removeIf(count -> count == 0);
        int count = after.values().stream().mapToInt(Integer::intValue).sum();
        return new Check(
                name,
                differences.isEmpty(),
                "exactly as before",
                differences.isEmpty() ? count + ", the same" : "differ: " + differences);
    }
}
