package dev.vivarium.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of a run, as they are named on the command line. What is there is touched only when the run begins: until then
 * it is checked, without creating or truncating.
 *
 * @param handlers a file or a module
 * @param input a file, or {@code -}
 * @param output a file, or {@code -}
 * @param summary a file, or null for none
 */
record RunFiles(
        String handlers,
        String input,
        String output,
        @Nullable String summary) {

    private static final String STANDARD = "-";

    /** Refuses what cannot be read or written, and a file that would be read and written, or written twice. */
    void check() throws UserError {
        if (HandlerSource.isFile(handlers)) {
            checkReadable("--handlers", path("--handlers", handlers), ".py");
        }
        if (!input.equals(STANDARD)) {
            checkReadable("--input", path("--input", input), "");
        } else if (StandardStreams.wasClosed(0)) {
            throw new UserError(ExitCode.USAGE, "--input: standard input is closed; name a file, or use /dev/null");
        }
        if (!output.equals(STANDARD)) {
            checkWritable("--output", path("--output", output));
        } else if (StandardStreams.wasClosed(1)) {
            throw new UserError(ExitCode.USAGE, "--output: standard output is closed; name a file, or use /dev/null");
        }
        if (summary != null) {
            checkWritable("--summary", path("--summary", summary));
        }
        checkRoles();
    }

    private static Path path(String option, String name) throws UserError {
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new UserError(
                    ExitCode.USAGE,
                    option + ": no file can have that name in the encoding of this locale ("
                            + System.getProperty("sun.jnu.encoding") + "): " + e.getReason()
                            + "; set another locale, such as LC_ALL=C.UTF-8");
        }
    }

    private static void checkReadable(String option, Path file, String ending) throws UserError {
        if (!Files.isReadable(file) || Files.isDirectory(file)) {
            throw new UserError(ExitCode.USAGE, option + ": " + describeMissing(file, ending));
        }
    }

    /** Says what is wrong with a file and names those that are there. */
    private static String describeMissing(Path file, String ending) {
        String problem = Files.isDirectory(file)
                ? file + " is a directory"
                : Files.exists(file) ? file + " cannot be read" : file + " does not exist";
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            return problem + ", and neither does its folder";
        }
        try (Stream<Path> files = Files.list(folder)) {
            List<String> there = files.filter(Files::isRegularFile)
                    .map(path -> path.getFileName().toString())
                    .filter(name -> name.endsWith(ending))
                    .sorted()
                    .limit(20)
                    .toList();
            return problem + "; in " + folder + " there "
                    + (there.isEmpty() ? "is none" : "are: " + String.join(", ", there));
        } catch (IOException e) {
            return problem;
        }
    }

    private static void checkWritable(String option, Path file) throws UserError {
        try {
            if (!Files.exists(file)) {
                // Permissions do not tell for the superuser, nor for file systems such as /proc: trying does.
                Files.delete(Files.createTempFile(target(file).resolveSibling(""), ".vivarium", null));
            } else if (Files.isRegularFile(file)) {
                FileChannel.open(file, StandardOpenOption.WRITE).close();
            } else if (Files.isDirectory(file) || !Files.isWritable(file)) {
                // Opening a pipe to try would wait for its reader, or be seen by it.
                throw new IOException("it is nothing that this user may write to");
            }
        } catch (IOException e) {
            throw new UserError(
                    ExitCode.USAGE,
                    option + ": " + file + " cannot be written: its folder must exist, and both must be writable ("
                            + explain(e) + ")");
        }
    }

    /** Returns where writing to {@code file}, which does not exist, makes a file, through links. */
    private static Path target(Path file) throws IOException {
        Path folder = file.toAbsolutePath().normalize().getParent();
        Path name = file.getFileName();
        if (folder == null || name == null) {
            throw new IOException("it has no folder");
        }
        Path there = folder.toRealPath().resolve(name);
        if (Files.isSymbolicLink(there)) {
            Path next = there.resolveSibling(Files.readSymbolicLink(there));
            if (Files.isSymbolicLink(next)) {
                throw new IOException("it is a link to a link to nothing");
            }
            return target(next);
        }
        return there;
    }

    private void checkRoles() throws UserError {
        Map<String, Path> taken = new LinkedHashMap<>();
        if (!input.equals(STANDARD)) {
            taken.put("--input", path("--input", input));
        } else if (Files.isRegularFile(StandardStreams.INPUT)) {
            taken.put("--input", StandardStreams.INPUT);
        }
        if (HandlerSource.isFile(handlers)) {
            taken.put("--handlers", path("--handlers", handlers));
        }
        if (!output.equals(STANDARD)) {
            take(taken, "--output", path("--output", output));
        } else if (Files.isRegularFile(StandardStreams.OUTPUT)) {
            take(taken, "--output", StandardStreams.OUTPUT);
        }
        if (summary != null) {
            take(taken, "--summary", path("--summary", summary));
        }
    }

    private static void take(Map<String, Path> taken, String option, Path written) throws UserError {
        for (Map.Entry<String, Path> other : taken.entrySet()) {
            if (isSame(other.getValue(), written)) {
                throw new UserError(
                        ExitCode.USAGE,
                        other.getKey() + " and " + option + " are the same file (" + written
                                + "), which would be overwritten");
            }
        }
        taken.put(option, written);
    }

    private static boolean isSame(Path one, Path other) throws UserError {
        try {
            // Devices and pipes may have several roles: nothing in them can be overwritten.
            if (Files.exists(one) && Files.exists(other)) {
                return Files.isRegularFile(one) && Files.isSameFile(one, other);
            }
            return !Files.exists(one) && !Files.exists(other) && target(one).equals(target(other));
        } catch (IOException e) {
            throw new UserError(ExitCode.USAGE, one + " and " + other + " cannot be compared: " + explain(e));
        }
    }

    private static String explain(IOException e) {
        return e.getMessage() == null ? e.toString() : e.getClass().getSimpleName() + ": " + e.getMessage();
    }

    InputStream openInput() throws UserError {
        try {
            return input.equals(STANDARD) ? StandardStreams.input() : new FileInputStream(input);
        } catch (IOException e) {
            throw new UserError(ExitCode.USAGE, "--input: " + input + " cannot be read: " + explain(e));
        }
    }

    /** Opens the output and empties it. */
    OutputStream openOutput() throws UserError {
        if (output.equals(STANDARD)) {
            return StandardStreams.output();
        }
        try {
            return open(path("--output", output));
        } catch (IOException e) {
            throw new UserError(ExitCode.USAGE, "--output: " + output + " cannot be written: " + explain(e));
        }
    }

    private static OutputStream open(Path file) throws IOException {
        // Systems that protect the pipes of others refuse to open them for creation.
        return Files.exists(file) && !Files.isRegularFile(file)
                ? Files.newOutputStream(file, StandardOpenOption.WRITE)
                : Files.newOutputStream(file);
    }

    UserError inputRefused(InputRecord.Malformed why) {
        return new UserError(
                ExitCode.USAGE,
                "--input: " + (input.equals(STANDARD) ? "standard input" : input) + ", line " + why.line() + ": "
                        + why.reason());
    }

    UserError inputFailed(IOException e) {
        return new UserError(
                ExitCode.IO_ERROR,
                "--input: reading " + (input.equals(STANDARD) ? "standard input" : input) + " failed: " + explain(e));
    }

    UserError outputFailed(IOException e) {
        boolean standard = output.equals(STANDARD);
        int status = StandardStreams.statusOfFailedWrite(standard ? StandardStreams.OUTPUT : Path.of(output));
        return status == ExitCode.BROKEN_PIPE
                ? UserError.quiet(status)
                : new UserError(
                        status,
                        "--output: writing " + (standard ? "standard output" : output) + " failed: " + explain(e));
    }

    void writeSummary(Map<String, Object> content) throws UserError {
        if (summary == null) {
            return;
        }
        try (OutputStream out = open(path("--summary", summary))) {
            out.write(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(content));
        } catch (IOException e) {
            throw new UserError(ExitCode.IO_ERROR, "--summary: writing " + summary + " failed: " + explain(e));
        }
    }
}
