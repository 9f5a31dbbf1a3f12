package dev.vivarium.internal.guardian;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The Python package that the jar carries, unpacked into a directory named after its contents. The same contents are
 * unpacked once; two versions live side by side. Its methods block.
 */
public final class PythonPackage {

    private static final String ROOT = "/vivarium/python/";

    private PythonPackage() {}

    /**
     * Returns a directory with the package, unpacking it if it is not there with exactly these contents.
     *
     * @param parent where this user's private folder is, or is made
     * @param token makes the temporary folder's name unique
     * @throws IOException when it cannot be unpacked
     */
    public static Path unpack(Path parent, String token) throws IOException {
        Map<String, byte[]> files = read();
        Path home = parent.resolve("vivarium-" + System.getProperty("user.name", "user"))
                .toAbsolutePath();
        RuntimeDirectory.makePrivate(home);
        Path target = home.resolve("python-" + hash(files));
        if (matches(target, files)) {
            return target;
        }
        Path fresh = home.resolve("python-" + token + ".new");
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Path path = fresh.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue());
        }
        try {
            if (!moved(fresh, target) && !matches(target, files)) {
                // Damaged. What another JVM has just put there with the same contents is in use, and must not be
                // touched.
                RuntimeDirectory.delete(target);
                if (!moved(fresh, target) && !matches(target, files)) {
                    throw new IOException(target + " cannot be replaced");
                }
            }
        } finally {
            RuntimeDirectory.delete(fresh);
        }
        return target;
    }

    private static boolean moved(Path fresh, Path target) {
        try {
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (IOException thereAlready) {
            return false;
        }
    }

    private static boolean matches(Path target, Map<String, byte[]> files) throws IOException {
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Path path = target.resolve(file.getKey());
            if (!Files.isRegularFile(path) || !MessageDigest.isEqual(Files.readAllBytes(path), file.getValue())) {
                return false;
            }
        }
        return true;
    }

    /** Reads the files that the index names; a listing of the jar would not work everywhere (nested jars, other loaders). */
    private static Map<String, byte[]> read() throws IOException {
        List<String> names = new String(resource("INDEX"), StandardCharsets.UTF_8)
                .lines()
                .filter(l -> !l.isBlank())
                .toList();
        Map<String, byte[]> files = new LinkedHashMap<>();
        // Workers know by it that this is a copy of the pool's own, in which they may leave compiled code.
        files.put("INDEX", resource("INDEX"));
        for (String name : names) {
            files.put(name, resource(name));
        }
        return files;
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = PythonPackage.class.getResourceAsStream(ROOT + name)) {
            if (in == null) {
                throw new IOException("the jar lacks " + ROOT + name);
            }
            return in.readAllBytes();
        }
    }

    private static String hash(Map<String, byte[]> files) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            files.forEach((name, content) -> {
                digest.update((name + "\0" + content.length + "\0").getBytes(StandardCharsets.UTF_8));
                digest.update(content);
            });
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
