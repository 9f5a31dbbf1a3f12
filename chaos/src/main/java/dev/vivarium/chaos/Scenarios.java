package dev.vivarium.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The scenarios that come with the runner. */
public final class Scenarios {

    /** Their names. */
    public static final List<String> NAMES = List.of(
            "kill-60-percent",
            "variable-delay",
            "corrupt-messages",
            "memory-exhaustion",
            "cascade",
            "thundering-herd",
            "slow-worker",
            "memory-leak",
            "byzantine",
            "partition",
            "combined",
            "breaker",
            "slow-starts",
            "full-disk",
            "jvm-pause");

    private Scenarios() {}

    /**
     * Returns the scenario of that name, or of the file of that name.
     *
     * @throws InvalidScenario with everything that is wrong with it
     * @throws IOException when there is neither
     */
    public static Scenario find(String nameOrFile) throws IOException {
        if (NAMES.contains(nameOrFile) && !Files.exists(Path.of(nameOrFile))) {
            return Scenario.parse(nameOrFile + ".yaml", text(nameOrFile));
        }
        return Scenario.read(Path.of(nameOrFile));
    }

    private static String text(String name) {
        try (InputStream in = Scenarios.class.getResourceAsStream("scenarios/" + name + ".yaml")) {
            if (in == null) {
                throw new IllegalStateException("the chaos jar lacks " + name + ".yaml");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
