package dev.vivarium.chaos.internal.twin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** The seeds that have failed, a line of JSON each, in a file. A seed means the same as long as scenarios are drawn as they were. */
public final class Corpus {

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * A seed that has failed.
     *
     * @param generation of how scenarios are drawn; see {@link SwarmScenario#GENERATION}
     * @param failed the checkers that said INVALID
     */
    public record Entry(long seed, int generation, List<String> failed) {

        /** Copies the list. */
        public Entry {
            failed = List.copyOf(failed);
        }

        /** Returns whether its seed is still the same scenario. */
        public boolean isCurrent() {
            return generation == SwarmScenario.GENERATION;
        }
    }

    private final Path file;

    /** Creates the corpus of a file, which may be missing. */
    public Corpus(Path file) {
        this.file = file;
    }

    /**
     * Reads it.
     *
     * @throws IllegalArgumentException naming the line that cannot be read
     */
    public List<Entry> entries() throws IOException {
        List<Entry> entries = new ArrayList<>();
        if (!Files.exists(file)) {
            return entries;
        }
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).isBlank()) {
                entries.add(entry(lines.get(i), i + 1));
            }
        }
        return entries;
    }

    private Entry entry(String line, int number) {
        try {
            JsonNode node = JSON.readTree(line);
            List<String> failed = new ArrayList<>();
            node.path("failed").forEach(name -> failed.add(name.asText()));
            String seed = node.path("seed").asText();
            if (!seed.startsWith("0x")) {
                throw new NumberFormatException("no 0x");
            }
            return new Entry(
                    Long.parseUnsignedLong(seed.substring(2), 16),
                    node.path("generation").asInt(),
                    failed);
        } catch (IOException | NumberFormatException e) {
            throw new IllegalArgumentException(
                    file + ":" + number + " is no entry of a corpus, such as {\"seed\":\"0x7\",\"generation\":1,"
                            + "\"failed\":[\"outcomes\"]}: " + line,
                    e);
        }
    }

    /** Adds an entry, unless its seed is there. */
    public void add(Entry entry) throws IOException {
        if (entries().stream().anyMatch(known -> known.seed() == entry.seed() && known.isCurrent())) {
            return;
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        var node = JSON.createObjectNode();
        node.put("seed", "0x" + Long.toHexString(entry.seed()));
        node.put("generation", entry.generation());
        var failed = node.putArray("failed");
        entry.failed().forEach(failed::add);
        Files.writeString(
                file, JSON.writeValueAsString(node) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
