package dev.vivarium.testreport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The modules of a build: the folder itself, and those right below it, that have a {@code target}. */
final class Modules {

    private Modules() {}

    static List<Path> of(Path root) {
        Path absolute = root.toAbsolutePath().normalize();
        try (Stream<Path> below = Files.list(absolute)) {
            return Stream.concat(Stream.of(absolute), below.sorted())
                    .filter(folder -> Files.isDirectory(folder.resolve("target")))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + absolute, e);
        }
    }

    static String name(Path module) {
        Path name = module.getFileName();
        return name == null ? module.toString() : name.toString();
    }

    /** Returns files in a folder or anywhere below it, in order; none if it is not there. */
    static List<Path> files(Path folder, Predicate<Path> wanted) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).filter(wanted).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + folder, e);
        }
    }
}
