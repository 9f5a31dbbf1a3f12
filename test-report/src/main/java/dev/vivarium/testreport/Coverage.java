package dev.vivarium.testreport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The lines that tests cover, by module, as JaCoCo counted them: from {@code target/coverage/coverage.csv} where the tests of
 * several modules were put together, else from each module's {@code target/site/jacoco/jacoco.csv}.
 */
final class Coverage {

    private static final String GROUP = "GROUP";
    private static final String MISSED = "LINE_MISSED";
    private static final String COVERED = "LINE_COVERED";

    private Coverage() {}

    static Map<String, Share> read(Path root) {
        Map<String, Share> own = new TreeMap<>();
        Map<String, Share> together = new TreeMap<>();
        for (Path module : Modules.of(root)) {
            Path alone = module.resolve("target/site/jacoco/jacoco.csv");
            if (Files.isRegularFile(alone)) {
                Share all = read(alone, false).values().stream().reduce(Share.NONE, Share::plus);
                own.put(Modules.name(module), all);
            }
            Path merged = module.resolve("target/coverage/coverage.csv");
            if (Files.isRegularFile(merged)) {
                together.putAll(read(merged, true));
            }
        }
        own.putAll(together); // What all tests cover, and not only the module's own.
        own.values().removeIf(Share::empty);
        return own;
    }

    /** A group is named by its report and itself, with a slash between them. */
    private static Map<String, Share> read(Path file, boolean byGroup) {
        try {
            List<String> lines = Files.readAllLines(file);
            List<String> head = lines.isEmpty() ? List.of() : cells(lines.get(0));
            int group = head.indexOf(GROUP);
            int missed = head.indexOf(MISSED);
            int covered = head.indexOf(COVERED);
            if (group < 0 || missed < 0 || covered < 0) {
                throw new IllegalStateException(
                        file + " is no table of JaCoCo's: it has no " + GROUP + ", " + MISSED + " or " + COVERED);
            }
            Map<String, Share> shares = new TreeMap<>();
            for (String line : lines.subList(1, lines.size())) {
                List<String> cells = cells(line);
                long reached = Long.parseLong(cells.get(covered));
                String name = byGroup ? cells.get(group).replaceFirst(".*/", "") : "";
                shares.merge(name, new Share(reached, reached + Long.parseLong(cells.get(missed))), Share::plus);
            }
            return shares;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    private static List<String> cells(String line) {
        List<String> cells = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                cells.add(cell.toString());
                cell.setLength(0);
            } else {
                cell.append(c);
            }
        }
        cells.add(cell.toString());
        return cells;
    }
}
