package dev.vivarium.testkit.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Gates that hold handlers: Python watches for files, scripted workers leave what they want to do. Thread-safe. */
public final class Gates {

    /** The environment variable that tells Python where the files are. */
    public static final String VARIABLE = "TESTKIT_GATES";

    private final Path folder;
    private final Set<String> open = new HashSet<>();
    private final Map<String, List<Runnable>> waiting = new HashMap<>();

    /** Creates gates whose files are in an existing folder. */
    public Gates(Path folder) {
        this.folder = folder;
    }

    /** Returns the folder. */
    public Path folder() {
        return folder;
    }

    /** Opens a gate for good. */
    public void open(String gate) {
        List<Runnable> released;
        synchronized (this) {
            open.add(gate);
            released = waiting.getOrDefault(gate, List.of());
            waiting.remove(gate);
        }
        try {
            if (!Files.exists(folder.resolve(gate))) {
                Files.createFile(folder.resolve(gate));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        released.forEach(Runnable::run);
    }

    void whenOpen(String gate, Runnable then) {
        synchronized (this) {
            if (!open.contains(gate)) {
                waiting.computeIfAbsent(gate, name -> new ArrayList<>()).add(then);
                return;
            }
        }
        then.run();
    }
}
