package dev.vivarium.chaos.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.testkit.LeakAudit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What runs have left whose runner was killed. */
public final class Leftovers {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int DEPTH = 3;

    /** Names of the folders of a test pool, of the runner's orders, and of what fills shared memory. */
    private static final Pattern MADE = Pattern.compile("vtk\\d+|vchaos\\d+|vchaos-test\\d+-\\d+");

    private Leftovers() {}

    /** Heals every such run below a folder; returns a sentence for each. */
    public static List<String> heal(Path report) throws IOException {
        List<String> healed = new ArrayList<>();
        if (!Files.isDirectory(report)) {
            return healed;
        }
        List<Path> histories;
        try (Stream<Path> files = Files.walk(report, DEPTH)) {
            histories = files.filter(file -> file.endsWith(History.FILE)).toList();
        }
        for (Path history : histories) {
            Path folder = history.resolveSibling("");
            if (!Files.exists(history.resolveSibling(Journal.FILE))) {
                healRun(history).ifPresent(sentence -> healed.add(folder + ": " + sentence));
            }
        }
        return healed;
    }

    private static Optional<String> healRun(Path history) throws IOException {
        JsonNode run;
        try (Stream<String> lines = Files.lines(history)) {
            Optional<String> first = lines.findFirst();
            run = first.isEmpty() ? JSON.missingNode() : JSON.readTree(first.get());
        }
        if (run.path("pool").isMissingNode() || lives(run)) {
            return Optional.empty();
        }
        long open = open(history);
        int processes = end(run.path("pool").asText());
        StringBuilder kept = new StringBuilder();
        for (JsonNode named : run.path("folders")) {
            Path folder = Path.of(named.asText());
            if (isOurs(folder)) {
                Orders.remove(folder);
            } else if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                kept.append("; left ").append(folder).append(" alone, which no run of this user makes");
            }
        }
        String sentence = "its runner was ended; healed " + open + " faults, ended " + processes + " processes" + kept;
        Files.writeString(
                history,
                "\n" + JSON.writeValueAsString(Map.of("what", "healed-later", "faults", open, "processes", processes))
                        + "\n",
                StandardOpenOption.APPEND);
        Files.writeString(
                history.resolveSibling(Journal.FILE),
                JSON.writeValueAsString(Map.of("verdict", "UNKNOWN", "reason", sentence)) + "\n");
        return Optional.of(sentence);
    }

    /**
     * Whether a folder is one that a run makes: a report may come from elsewhere, or be written by somebody else, and what it names
     * is removed with all that is in it.
     */
    private static boolean isOurs(Path folder) throws IOException {
        Path parent = folder.getParent();
        return folder.isAbsolute()
                && folder.equals(folder.normalize())
                && parent != null
                && MADE.matcher(folder.getFileName().toString()).matches()
                && Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
                && Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS)
                        .equals(Files.getOwner(Path.of("/proc/self"), LinkOption.NOFOLLOW_LINKS));
    }

    /** Whether the runner goes on: a process of its number that began when it did. */
    private static boolean lives(JsonNode run) {
        return ProcessHandle.of(run.path("runner").asLong())
                .flatMap(process -> process.info().startInstant())
                .map(Instant::toString)
                .map(begun -> begun.equals(run.path("begun").asText()))
                .orElse(false);
    }

    private static long open(Path history) throws IOException {
        long open = 0;
        try (Stream<String> lines = Files.lines(history)) {
            for (String line :
                    lines.filter(text -> text.contains("\"what\":\"fault\"")).toList()) {
                String event = event(line);
                open += event.equals("requested") ? 1 : event.equals("healed") ? -1 : 0;
            }
        }
        return Math.max(0, open);
    }

    private static String event(String line) {
        try {
            return JSON.readTree(line).path("event").asText();
        } catch (IOException torn) {
            return ""; // The runner was killed while it wrote.
        }
    }

    /** Ends the processes that bear a pool's mark; a killed one need not be told to go on. */
    private static int end(String pool) {
        List<ProcessHandle> ours = ProcessHandle.allProcesses()
                .filter(process -> bearsMark(process, pool))
                .toList();
        ours.forEach(ProcessHandle::destroyForcibly);
        return ours.size();
    }

    /** Returns whether a process was started for a pool: it has the pool's mark in its environment. */
    static boolean bearsMark(ProcessHandle process, String pool) {
        try {
            byte[] environment = Files.readAllBytes(Path.of("/proc", Long.toString(process.pid()), "environ"));
            String text = "\0" + new String(environment, StandardCharsets.ISO_8859_1) + "\0";
            return text.contains("\0" + LeakAudit.MARK + "=" + pool + "\0");
        } catch (IOException othersOrGone) {
            return false;
        }
    }
}
