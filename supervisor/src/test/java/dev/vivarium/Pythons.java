package dev.vivarium;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What tests with real Python share. */
final class Pythons {

    private Pythons() {}

    /** Returns the path of the handlers that the tests use. */
    static String handlers() {
        try {
            return Path.of(Pythons.class.getResource("/python/behaviours.py").toURI()).toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns a configuration of a small pool with those handlers. */
    static PoolConfigBuilder config(String name) {
        return PoolConfig.builder().name(name).handlers(handlers()).workers(2);
    }

    /** Returns a list that gathers events, to be used as a listener. */
    static List<PoolEvent> recorder() {
        return new CopyOnWriteArrayList<>();
    }
}
