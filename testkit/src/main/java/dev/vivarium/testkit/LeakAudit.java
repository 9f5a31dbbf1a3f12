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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
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

    /** How often the processes are listed anew where some have ended meanwhile. */
    private static final int MOST_LISTS = 100;

    /** How often, and after how long again, a process is looked at that runs and shows no whole environment. */
    private static final int MOST_LOOKS = 1000;

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(1);

    /** The flag of the kernel's threads: PF_KTHREAD of its sched.h. */
    private static final long KERNEL_THREAD = 0x0020_0000;

    private static final Path PROC = Path.of("/proc");
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    private static final Pattern KEPT = Pattern.compile("vivarium-[^/]+(/(lock|python-[0-9a-f]+(/.*)?))?");

    private final String pool;
    private final String mark;
    private final List<Path> folders;
    // A folder's name in a text, alone or in a list, but not as the beginning of a neighbour's.
    private final List<Pattern> folderNames;
    private final Set<Path> elsewhere = ConcurrentHashMap.newKeySet();
    private final Set<Path> sharedMemoryBefore;
    private final Set<Path> sharedMemorySeen = ConcurrentHashMap.newKeySet();
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
        this(pool, mark, List.of(folder), patience);
    }

    /**
     * Begins an audit, before the pool starts.
     *
     * @param folders those that are its own
     */
    LeakAudit(String pool, String mark, List<Path> folders, Duration patience) {
        this.patience = patience;
        this.pool = pool;
        this.mark = mark;
        this.folders = List.copyOf(folders);
        folderNames = folders.stream()
                .map(folder -> Pattern.compile(Pattern.quote(folder.toString()) + "(?![\\p{L}\\p{N}._-])"))
                .toList();
        sharedMemoryBefore = Set.copyOf(list(SHARED_MEMORY));
        threads().forEach(thread -> threadsBefore.add(thread.getId()));
    }

    /** Audits also what bears the pool's name in a runtime directory that other pools may share. */
    void alsoLookIn(Path runtimeDirectory) {
        if (!folders.contains(runtimeDirectory)) {
            elsewhere.add(runtimeDirectory.toAbsolutePath());
        }
    }

    /**
     * Remembers which shared memory the pool's processes have open or mapped at this moment, of that which is newer than the
     * audit: it is theirs whatever its name.
     */
    void lookAtSharedMemory() {
        for (ProcessHandle process : processes()) {
            Path proc = PROC.resolve(Long.toString(process.pid()));
            Stream<String> mapped = read(proc.resolve("maps"))
                    .map(bytes -> new String(bytes, StandardCharsets.UTF_8).lines())
                    .orElse(Stream.empty())
                    .map(line -> line.substring(Math.max(0, line.indexOf('/'))));
            Stream<String> open = list(proc.resolve("fd")).stream().flatMap(fd -> target(fd).stream());
            Stream.concat(mapped, open)
                    .filter(name -> name.startsWith(SHARED_MEMORY + "/"))
                    .map(Path::of)
                    .filter(file -> !sharedMemoryBefore.contains(file))
                    .forEach(sharedMemorySeen::add);
        }
    }

    private static List<Path> list(Path directory) {
        try (Stream<Path> there = Files.list(directory)) {
            return there.toList();
        } catch (IOException | UncheckedIOException gone) {
            return List.of(); // Another user's, or it has ended meanwhile.
        }
    }

    /**
     * Returns what is left. To be called when the pool has closed. Processes and threads that are ending are waited for, and
     * so are those that they start meanwhile.
     *
     * @throws IllegalStateException when this system cannot be looked at
     */
    public List<Leak> verify() throws InterruptedException {
        if (!Files.isDirectory(PROC.resolve("self"))) {
            throw new IllegalStateException("a leak audit needs /proc, which this system does not have");
        }
        List<Leak> leaks = new ArrayList<>();
        awaitThreads(); // Before the processes, because a thread that is ending may start one.
        processes(leaks);
        awaitThreads() // Again, because what has waited for a process may have started one.
                .forEach(thread ->
                        leaks.add(new Leak(Leak.Kind.THREAD, thread.getName() + " (" + thread.getState() + ")")));
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
        List<ProcessHandle> ours = List.of();
        for (int list = 0; list < MOST_LISTS; list++) {
            List<ProcessHandle> listed = ProcessHandle.allProcesses()
                    .filter(process -> process.pid() != ProcessHandle.current().pid())
                    .filter(process -> !hasEnded(process))
                    .toList();
            ours = listed.stream().filter(this::isOurs).toList();
            // One that was listed and has ended may have started another that was not.
            if (!ours.isEmpty() || listed.stream().noneMatch(LeakAudit::hasEnded)) {
                return ours;
            }
        }
        return ours;
    }

    private void processes(List<Leak> leaks) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        List<ProcessHandle> left = processes();
        for (long nanos = patience.toNanos(); !left.isEmpty() && nanos > 0; nanos = end - System.nanoTime()) {
            awaitExit(left.get(0), nanos);
            left = processes(); // One that has ended may have started another.
        }
        left.forEach(
                process -> leaks.add(new Leak(Leak.Kind.PROCESS, process.pid() + " " + commandLine(process.pid()))));
    }

    private static void awaitExit(ProcessHandle process, long nanos) throws InterruptedException {
        try {
            var unused = process.onExit().get(nanos, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            // The next look will find it.
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Looks again at one that runs and shows no whole environment: it may be about to become another program. */
    private boolean isOurs(ProcessHandle process) {
        boolean rested = false;
        for (int look = 0; look < MOST_LOOKS; look++) {
            String environment = text(process.pid(), "environ");
            String command = text(process.pid(), "cmdline");
            if (isNamedIn(environment) || isNamedIn(command)) {
                return true;
            }
            Status status = Status.of(process.pid());
            boolean rests = !status.isRunning();
            if (environment.endsWith("\0") || status.isKernelThread() || status.hasEnded() || (rests && rested)) {
                return false;
            }
            rested = rests; // It may have got there between the two looks, and has an environment now.
            try {
                awaitExit(process, BETWEEN_LOOKS.toNanos());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return false;
    }

    /** One that has ended and was not waited for by its parent is still there, and has nothing that it could be told by. */
    private static boolean hasEnded(ProcessHandle process) {
        return Status.of(process.pid()).hasEnded();
    }

    private boolean isNamedIn(String text) {
        return Stream.of(text.split("\0", -1)).anyMatch((MARK + "=" + mark)::equals)
                || folderNames.stream().anyMatch(name -> name.matcher(text).find());
    }

    private static String text(long pid, String what) {
        return read(PROC.resolve(pid + "/" + what))
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
                .orElse("");
    }

    /** What the kernel says of a process in proc(5)'s stat: its state, a letter, and its flags. Of one that is gone, nothing. */
    private record Status(String state, long flags) {

        /** Where the flags are behind the name, which may have blanks. */
        private static final int FLAGS = 6;

        static Status of(long pid) {
            String stat = text(pid, "stat");
            String[] fields = stat.substring(stat.lastIndexOf(')') + 1).trim().split(" ", FLAGS + 2);
            return new Status(fields[0], fields.length > FLAGS ? Long.parseLong(fields[FLAGS]) : 0);
        }

        /** Returns whether it is at work, not waiting for anything. */
        boolean isRunning() {
            return state.equals("R") || state.equals("D");
        }

        boolean hasEnded() {
            return state.isEmpty() || state.equals("Z") || state.equals("X");
        }

        boolean isKernelThread() {
            return (flags & KERNEL_THREAD) != 0;
        }
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

    /** Returns the threads that do not end. */
    private List<Thread> awaitThreads() throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        List<Thread> left = ownThreads();
        for (long nanos = patience.toNanos(); !left.isEmpty() && nanos > 0; nanos = end - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedJoin(left.get(0), nanos);
            left = ownThreads(); // One that has ended may have started another.
        }
        return left;
    }

    private List<Thread> ownThreads() {
        return threads().stream()
                .filter(thread -> thread.getName().contains(pool) && !threadsBefore.contains(thread.getId()))
                .toList();
    }

    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet();
    }

    private void descriptors(List<Leak> leaks) {
        Set<String> inodes = new HashSet<>();
        read(PROC.resolve("self/net/unix")).ifPresent(bytes -> {
            for (String line : new String(bytes, StandardCharsets.UTF_8).lines().toList()) {
                String[] fields = line.trim().split("\\s+", -1);
                if (fields.length > 7 && isOurs(fields[7])) {
                    inodes.add(fields[6]);
                }
            }
        });
        try (Stream<Path> open = Files.list(PROC.resolve("self/fd"))) {
            for (Path descriptor : open.toList()) {
                target(descriptor)
                        .filter(to -> isOurs(to)
                                || (to.startsWith("socket:[") && inodes.contains(to.substring(8, to.length() - 1))))
                        .ifPresent(to ->
                                leaks.add(new Leak(Leak.Kind.DESCRIPTOR, descriptor.getFileName() + " -> " + to)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean isOurs(String path) {
        return folders.stream().anyMatch(folder -> path.startsWith(folder + "/"))
                || (path.startsWith(SHARED_MEMORY + "/") && path.contains("/" + pool + "-"))
                || elsewhere.stream().anyMatch(root -> path.startsWith(root + "/") && path.contains("/" + pool + "-"));
    }

    private static Optional<String> target(Path link) {
        try {
            return Optional.of(Files.readSymbolicLink(link).toString());
        } catch (IOException gone) {
            return Optional.empty();
        }
    }

    private void sharedMemory(List<Leak> leaks) {
        Stream<Path> named = list(SHARED_MEMORY).stream()
                .filter(file -> file.getFileName().toString().contains(pool));
        // The pool's own segments are in a folder of the user's, in one that bears the pool's name.
        Stream<Path> segments = list(SHARED_MEMORY).stream()
                .flatMap(home -> list(home).stream())
                .filter(folder -> folder.getFileName().toString().startsWith(pool + "-"))
                .flatMap(folder -> Stream.concat(Stream.of(folder), list(folder).stream()));
        Stream<Path> seen = sharedMemorySeen.stream().filter(Files::exists);
        Stream.of(named, segments, seen)
                .flatMap(Function.identity())
                .distinct()
                .forEach(file -> leaks.add(new Leak(Leak.Kind.SHARED_MEMORY, file.toString())));
    }

    private static boolean isEmpty(Path directory) {
        String[] names = directory.toFile().list();
        return names != null && names.length == 0;
    }

    private void files(List<Leak> leaks) {
        folders.forEach(folder -> files(folder, leaks));
        for (Path root : elsewhere) {
            list(root).stream()
                    .flatMap(home -> list(home).stream())
                    .filter(file -> file.getFileName().toString().startsWith(pool + "-"))
                    .forEach(file -> leaks.add(new Leak(Leak.Kind.FILE, file.toString())));
        }
    }

    private static void files(Path folder, List<Leak> leaks) {
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
