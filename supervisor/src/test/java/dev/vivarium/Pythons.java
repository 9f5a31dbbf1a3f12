package dev.vivarium;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What tests with real Python share. */
final class Pythons {

    private Pythons() {}

    /** Returns the path of the handlers that the tests use. */
    static String handlers() {
        try {
            return Path.of(Pythons.class.getResource("/python/behaviours.py").toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns a configuration of a small pool with those handlers. */
    static PoolConfigBuilder config(String name) {
        return PoolConfig.builder().name(name).handlers(handlers()).workers(2);
    }

    /** Returns whether a process runs; one that has ended and only waits to be reaped by its new parent does not. */
    static boolean isLiving(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            char state = stat.charAt(stat.lastIndexOf(')') + 2);
            return state != 'Z' && state != 'X';
        } catch (IOException e) {
            return false;
        }
    }
}
