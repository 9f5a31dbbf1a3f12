package dev.vivarium.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Looks for what a closed pool has left behind. Everything is found by the pool's own marks, so that audits of pools that run
 * side by side do not disturb each other. Needs /proc; where there is none, processes and descriptors cannot be seen, and
 * {@link #verify()} says so by throwing.
 */
public final class LeakAudit {

    /** The environment variable that marks the processes of a pool. */
    public static final String MARK = "TESTKIT_MARK";

    private static final Path PROC = Path.of("/proc");
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    private static final Pattern KEPT = Pattern.compile("vivarium-[^/]+(/(lock|python-[0-9a-f]+(/.*)?))?");

    private final String pool;
    private final String mark;
    private final Path folder;
    private final Duration patience;
    private final Set<Long> threadsBefore = new HashSet<>();

    /**
     * Begins an audit, before the pool starts.
     *
     * @param pool the pool's name, which is in the names of its threads
     * @param mark the value of {@link #MARK} in its environment
     * @param folder the folder that is its own
     * @param patience how long what is ending may take to end
     */
    public LeakAudit(String pool, String mark, Path folder, Duration patience) {
        this.patience = patience;
        this.pool = pool;
        this.mark = mark;
        this.folder = folder;
        threads().forEach(thread -> threadsBefore.add(thread.getId()));
    }

    /**
     * Returns what is left. To be called when the pool has closed. Processes and threads that are ending are waited for.
     *
     * @throws IllegalStateException when this system cannot be looked at
     */
    public List<Leak> verify() throws InterruptedException {
        if (!Files.isDirectory(PROC.resolve("self"))) {
            throw new IllegalStateException("a leak audit needs /proc, which this system does not have");
        }
        List<Leak> leaks = new ArrayList<>();
        processes(leaks);
        livingThreads(leaks);
        descriptors(leaks);
        sharedMemory(leaks);
        files(leaks);
        return leaks;
    }

    /**
     * Returns the processes that live at this moment and are the pool's: those that carry its mark, and those whose command
     * line or environment names its folder.
     */
    public List<ProcessHandle> processes() {
        return ProcessHandle.allProcesses()
                .filter(process -> process.pid() != ProcessHandle.current().pid())
                .filter(process -> isOurs("environ", process.pid()) || isOurs("cmdline", process.pid()))
                .toList();
    }

    private void processes(List<Leak> leaks) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        for (ProcessHandle process : processes()) {
            try {
                long left = Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime()));
                var unused = process.onExit().get(left, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                leaks.add(new Leak(Leak.Kind.PROCESS, process.pid() + " " + commandLine(process.pid())));
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private boolean isOurs(String what, long pid) {
        return read(PROC.resolve(pid + "/" + what))
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
                .filter(text -> Stream.of(text.split("\0", -1)).anyMatch((MARK + "=" + mark)::equals)
                        || text.contains(folder + "/")
                        || text.contains(folder + "\0"))
                .isPresent();
    }

    private static String commandLine(long pid) {
        return read(PROC.resolve(pid + "/cmdline"))
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8).replace('\0', ' '))
                .orElse("(gone meanwhile)");
    }

    private static Optional<byte[]> read(Path file) {
        try {
            return Optional.of(Files.readAllBytes(file));
        } catch (IOException gone) {
            return Optional.empty(); // Another user's, or it has ended meanwhile.
        }
    }

    private void livingThreads(List<Leak> leaks) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        for (Thread thread : threads()) {
            if (thread.getName().contains(pool) && !threadsBefore.contains(thread.getId())) {
                long left = Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime()));
                thread.join(left);
                if (thread.isAlive()) {
                    leaks.add(new Leak(Leak.Kind.THREAD, thread.getName() + " (" + thread.getState() + ")"));
                }
            }
        }
    }

    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet();
    }

    private void descriptors(List<Leak> leaks) {
        Set<String> inodes = new HashSet<>();
        String ours = folder.toString();
        read(PROC.resolve("self/net/unix")).ifPresent(bytes -> {
            for (String line : new String(bytes, StandardCharsets.UTF_8).lines().toList()) {
                String[] fields = line.trim().split("\\s+", -1);
                if (fields.length > 7 && fields[7].startsWith(ours)) {
                    inodes.add(fields[6]);
                }
            }
        });
        try (Stream<Path> open = Files.list(PROC.resolve("self/fd"))) {
            for (Path descriptor : open.toList()) {
                target(descriptor)
                        .filter(to -> to.startsWith(ours)
                                || (to.startsWith("socket:[") && inodes.contains(to.substring(8, to.length() - 1))))
                        .ifPresent(to ->
                                leaks.add(new Leak(Leak.Kind.DESCRIPTOR, descriptor.getFileName() + " -> " + to)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Optional<String> target(Path link) {
        try {
            return Optional.of(Files.readSymbolicLink(link).toString());
        } catch (IOException gone) {
            return Optional.empty();
        }
    }

    private void sharedMemory(List<Leak> leaks) {
        if (!Files.isDirectory(SHARED_MEMORY)) {
            return;
        }
        try (Stream<Path> there = Files.list(SHARED_MEMORY)) {
            there.filter(file -> file.getFileName().toString().contains(pool))
                    .forEach(file -> leaks.add(new Leak(Leak.Kind.SHARED_MEMORY, file.toString())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isEmpty(Path directory) {
        String[] names = directory.toFile().list();
        return names != null && names.length == 0;
    }

    private void files(List<Leak> leaks) {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> there = Files.walk(folder)) {
            there.filter(file -> !file.equals(folder))
                    .filter(file -> !Files.isDirectory(file) || isEmpty(file))
                    // The runtime's own Python files, and their lock, are kept for the next pool of this user.
                    .filter(file ->
                            !KEPT.matcher(folder.relativize(file).toString()).matches())
                    .forEach(file -> leaks.add(
                            new Leak(Leak.Kind.FILE, folder.relativize(file).toString())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
