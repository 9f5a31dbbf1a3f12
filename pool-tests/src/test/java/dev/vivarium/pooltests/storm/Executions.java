package dev.vivarium.pooltests.storm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Python's side of the record: how often each call was begun and finished there. Not thread-safe. */
final class Executions {

    private final CallBook book;
    private int[] starts = new int[1024];
    private int[] ends = new int[1024];
    private int unknown;
    private @Nullable String firstUnknown;

    Executions(CallBook book) {
        this.book = book;
    }

    /** Reads what the processes of a pool wrote. */
    static Executions read(Path folder, CallBook book) throws IOException {
        Executions executions = new Executions(book);
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                try (Stream<String> lines = Files.lines(file, StandardCharsets.UTF_8)) {
                    lines.forEach(executions::line);
                }
            }
        }
        return executions;
    }

    /** Takes a line: {@code S token} when a call was begun, {@code F token} when it was finished. */
    void line(String line) {
        List<String> words = List.of(line.split(" ", -1));
        int number = words.size() == 2 ? number(words.get(1)) : -1;
        if (number < 0) {
            unknown++;
            firstUnknown = firstUnknown == null ? line : firstUnknown;
            return;
        }
        if (number >= starts.length) {
            starts = Arrays.copyOf(starts, number * 2);
            ends = Arrays.copyOf(ends, number * 2);
        }
        if (words.get(0).equals("S")) {
            starts[number]++;
        } else {
            ends[number]++;
        }
    }

    private int number(String token) {
        int dash = token.indexOf('-');
        try {
            int number = Integer.parseInt(token.substring(0, Math.max(0, dash)));
            return book.token(number).equals(token) ? number : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    int starts(int number) {
        return number < starts.length ? starts[number] : 0;
    }

    int ends(int number) {
        return number < ends.length ? ends[number] : 0;
    }

    /** Returns how many lines are of calls that nobody made. */
    int unknown() {
        return unknown;
    }

    String firstUnknown() {
        return String.valueOf(firstUnknown);
    }
}
