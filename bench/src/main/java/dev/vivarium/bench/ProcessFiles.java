package dev.vivarium.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What Linux says of processes under {@code /proc}. */
final class ProcessFiles {

    /** How exactly processor time is counted. */
    static final int TICK_MILLIS = 10;

    private static final Path PROC = Path.of("/proc");

    /** Where the times stand in a process's {@code stat}, counted from after the name, which may have spaces. */
    private static final int USER_TIME = 11;

    private static final int SYSTEM_TIME = 12;

    private ProcessFiles() {}

    /** Returns the processor time that this process and all below it have used so far. */
    static long processorMillisOfTree() throws IOException {
        long sum = processorMillis(ProcessHandle.current().pid());
        try (Stream<ProcessHandle> below = ProcessHandle.current().descendants()) {
            for (ProcessHandle each : below.toList()) {
                sum += processorMillis(each.pid());
            }
        }
        return sum;
    }

    private static long processorMillis(long pid) throws IOException {
        try {
            String stat = Files.readString(PROC.resolve(pid + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
            return (Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[SYSTEM_TIME])) * TICK_MILLIS;
        } catch (NoSuchFileException e) {
            return 0; // It has just ended.
        }
    }

    /** Returns the memory that a process shares with no other, in MiB. */
    static double privateMebibytes(long pid) throws IOException {
        List<String> lines = Files.readAllLines(PROC.resolve(pid + "/smaps_rollup"));
        long kibibytes = lines.stream()
                .filter(line -> line.startsWith("Private_Clean:") || line.startsWith("Private_Dirty:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D+", "")))
                .sum();
        return kibibytes / 1024.0;
    }

    /** Checks that there is such a place. */
    static void check() throws BenchUnavailable {
        if (!Files.isReadable(PROC.resolve("self/smaps_rollup"))) {
            throw new BenchUnavailable("this needs /proc/PID/smaps_rollup, which only Linux 4.14 and later has", null);
        }
    }
}
