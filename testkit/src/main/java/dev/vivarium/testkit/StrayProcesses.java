package dev.vivarium.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds processes that this JVM has started and that do not end, other than those of test pools, which {@link LeakAudit} finds.
 * Whose they are cannot be told where tests run side by side. Thread-safe.
 */
public final class StrayProcesses {

    private static final String OF_A_POOL = "\0" + LeakAudit.MARK + "=";

    private final Set<ProcessHandle> before;

    private StrayProcesses(Set<ProcessHandle> before) {
        this.before = before;
    }

    /** Begins: what this JVM has started so far is not found. */
    public static StrayProcesses begin() {
        return new StrayProcesses(children().collect(Collectors.toUnmodifiableSet()));
    }

    private static Stream<ProcessHandle> children() {
        return ProcessHandle.current().children();
    }

    /**
     * Returns the processes that were started since and live on.
     *
     * @param patience how long what is ending may take to end
     */
    public List<Leak> left(Duration patience) throws InterruptedException {
        List<ProcessHandle> strays = strays();
        await(strays, patience);
        return strays.stream()
                .filter(ProcessHandle::isAlive)
                .map(process -> new Leak(
                        Leak.Kind.PROCESS,
                        process.pid() + " " + process.info().commandLine().orElse("(gone meanwhile)")))
                .toList();
    }

    private static void await(List<ProcessHandle> ending, Duration patience) throws InterruptedException {
        CompletableFuture<?>[] ends = ending.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new);
        try {
            var unused = CompletableFuture.allOf(ends).get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            // What is left is found by the next look.
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<ProcessHandle> strays() {
        return children()
                .filter(child -> child.isAlive() && !before.contains(child) && !isOfAPool(child.pid()))
                .toList();
    }

    private static boolean isOfAPool(long pid) {
        try {
            String environment = Files.readString(Path.of("/proc/" + pid + "/environ"), StandardCharsets.ISO_8859_1);
            return ("\0" + environment).contains(OF_A_POOL);
        } catch (IOException gone) {
            return false; // It has ended meanwhile, or there is no /proc: then it is taken for a stray.
        }
    }
}
