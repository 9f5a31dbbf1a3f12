package dev.vivarium.testreport;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;

/** A folder as a build leaves it, and the program that reports it. */
final class Build {

    private final Path root;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    Build(Path root) {
        this.root = root;
    }

    Build file(String name, String... lines) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, List.of(lines));
        return this;
    }

    /** A class with one test that took so long, in a build that ended at a moment. */
    Build took(String type, double seconds, Instant at) throws IOException {
        String name = "shop/target/surefire-reports/TEST-" + type + ".xml";
        file(name, "<testsuite><testcase name='t()' classname='" + type + "' time='" + seconds + "'/></testsuite>");
        Files.setLastModifiedTime(root.resolve(name), FileTime.from(at));
        return this;
    }

    int run(String... words) {
        out.reset();
        err.reset();
        return Main.run(
                List.of(words),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    String root() {
        return root.toString();
    }

    String path(String name) {
        return root.resolve(name).toString();
    }

    String page() throws IOException {
        return Files.readString(root.resolve("target/test-report/index.html"));
    }
}
