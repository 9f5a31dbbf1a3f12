package dev.vivarium.chaos.internal;

import dev.vivarium.chaos.ChaosFault;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The folder through which the runner's handlers are told what to do to themselves. Thread-safe. */
final class Orders implements AutoCloseable {

    private static final String HANDLERS = "vivarium_chaos.py";

    private final Path folder;
    private final Path handlers;
    private final Map<Integer, Map<Integer, String>> bySlot = new TreeMap<>();
    private int numbers;
    private int read;

    Orders() {
        try {
            folder = Files.createTempDirectory("vchaos");
            Files.createDirectory(folder.resolve("orders"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        handlers = copy(folder, HANDLERS);
    }

    /** Copies a program of the runner's into the folder. */
    Path program(String name) {
        return copy(folder, name);
    }

    private static Path copy(Path folder, String name) {
        Path program = folder.resolve(name);
        try (InputStream in = Orders.class.getResourceAsStream("/dev/vivarium/chaos/" + name)) {
            if (in == null) {
                throw new IllegalStateException("the chaos jar lacks " + name);
            }
            Files.copy(in, program);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return program;
    }

    Path folder() {
        return folder;
    }

    Path handlers() {
        return handlers;
    }

    /** Gives an order, and returns its number. */
    synchronized int give(int slot, ChaosFault fault) {
        int number = ++numbers;
        bySlot.computeIfAbsent(slot, unused -> new TreeMap<>()).put(number, number + " " + words(fault));
        write(slot);
        return number;
    }

    private static String words(ChaosFault fault) {
        if (fault instanceof ChaosFault.Grown grown) {
            return "grow " + grown.bytes() + " " + grown.most();
        } else if (fault instanceof ChaosFault.Burned burned) {
            return "burn " + burned.time().toMillis();
        } else if (fault instanceof ChaosFault.Threads threads) {
            return "threads " + threads.count();
        } else if (fault instanceof ChaosFault.Descriptors descriptors) {
            return "descriptors " + descriptors.count();
        } else if (fault instanceof ChaosFault.DiskFilled filled) {
            return "disk-full " + filled.bytes();
        }
        throw new IllegalArgumentException(fault + " is not done by handlers");
    }

    /** Takes an order back. */
    synchronized void withdraw(int slot, int number) {
        Map<Integer, String> orders = bySlot.get(slot);
        if (orders != null && orders.remove(number) != null) {
            write(slot);
        }
    }

    private void write(int slot) {
        try {
            Path fresh = folder.resolve("order-" + slot);
            Files.write(fresh, bySlot.getOrDefault(slot, Map.of()).values());
            var unused = Files.move(
                    fresh,
                    folder.resolve("orders").resolve(Integer.toString(slot)),
                    StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the numbers of the orders that were carried out since the last time that this was asked, once for each process. */
    synchronized List<Integer> landed() {
        Path file = folder.resolve("landed");
        if (!Files.exists(file)) {
            return List.of();
        }
        try {
            List<String> lines = Files.readAllLines(file);
            List<Integer> fresh = lines.subList(read, lines.size()).stream()
                    .map(line -> Integer.parseInt(line.substring(0, line.indexOf(' '))))
                    .toList();
            read = lines.size();
            return fresh;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Removes the folder. */
    @Override
    public void close() {
        remove(folder);
    }

    /** Removes a folder with all that is in it; nothing when it is gone. */
    static void remove(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                var unused = Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
