package dev.vivarium.chaos.internal;

import dev.vivarium.testkit.LeakAudit;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A process beside the JVM that does what the JVM cannot do, or could not undo when it is killed or stopped. What it has done it undoes
 * at the end of its time to live, and when the JVM has ended. Thread-safe.
 */
final class Helper implements AutoCloseable {

    private static final String PROGRAM = "vivarium_chaos_helper.py";
    private static final long PATIENCE_S = 10;
    private static final long START_S = 60;

    /** Hears what becomes of an order, on a thread of the helper's. */
    interface Listener {
        /** It has had its effect. */
        void landed();

        /** It cannot be carried out. */
        void refused(String reason);

        /** It has been undone. */
        void healed();
    }

    private final Process process;
    private final Writer orders;
    private final Path errors;
    private final Consumer<String> troubles;
    private final Thread reader = new Thread(this::read, "chaos-helper");
    private final Map<Integer, Listener> listeners = new HashMap<>();
    private final CountDownLatch ready = new CountDownLatch(1);
    private int numbers;
    private boolean closed;

    /**
     * Starts it.
     *
     * @param pool whose processes it may signal
     * @param folder where its program goes
     * @param troubles is told when it ends without being asked to
     */
    Helper(String python, String pool, Orders folder, Consumer<String> troubles) {
        this.troubles = troubles;
        errors = folder.folder().resolve("helper-errors");
        try {
            process = new ProcessBuilder(python, "-I", folder.program(PROGRAM).toString(), LeakAudit.MARK, pool)
                    .redirectError(errors.toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        orders = process.outputWriter(StandardCharsets.US_ASCII);
        reader.setDaemon(true);
        reader.start();
    }

    /** Waits until it takes orders: what comes later would come too late for faults that are short. */
    void awaitReady() throws InterruptedException {
        if (!ready.await(START_S, TimeUnit.SECONDS)) {
            troubles.accept("the runner's helper was not ready within " + START_S + " s");
        }
    }

    /** Has a process of the pool's get a signal; a stopped one goes on when it is healed. */
    int signal(long pid, int signal, Duration ttl, Listener listener) {
        return order(ttl, "signal " + pid + " " + signal, listener);
    }

    /** Has the JVM stopped for a time, counted from when it is; healed at the end of the time to live in any case. */
    int pause(Duration time, Duration ttl, Listener listener) {
        return order(ttl, "pause " + ProcessHandle.current().pid() + " " + time.toMillis(), listener);
    }

    /** Has a file take all that its file system has, if it is no more than this. */
    int fill(Path file, long most, Duration ttl, Listener listener) {
        return order(ttl, "fill " + most + " " + file, listener);
    }

    /** Has an order undone; nothing when it has been. */
    void heal(int number) {
        write(number + " 0 heal");
    }

    private synchronized int order(Duration ttl, String what, Listener listener) {
        int number = ++numbers;
        listeners.put(number, listener);
        write(number + " " + ttl.toMillis() + " " + what);
        return number;
    }

    private synchronized void write(String line) {
        if (closed) {
            return;
        }
        try {
            orders.write(line + "\n");
            orders.flush();
        } catch (IOException e) {
            troubles.accept("the runner's helper takes no orders: " + e.getMessage());
        }
    }

    private void read() {
        try (BufferedReader told = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = told.readLine(); line != null; line = told.readLine()) {
                String[] words = line.split(" ", 3);
                tell(Integer.parseInt(words[0]), words[1], words.length > 2 ? words[2] : "");
            }
        } catch (IOException | RuntimeException e) {
            troubles.accept("the runner's helper was not understood: " + e);
        }
        synchronized (this) {
            if (closed) {
                return;
            }
        }
        troubles.accept("the runner's helper has ended: " + lastError());
    }

    private void tell(int number, String what, String reason) {
        if (what.equals("ready")) {
            ready.countDown();
            return;
        }
        Listener listener;
        synchronized (this) {
            listener = listeners.get(number);
        }
        if (listener == null) {
            throw new IllegalStateException("it told of order " + number);
        }
        switch (what) {
            case "landed" -> listener.landed();
            case "healed" -> listener.healed();
            default -> listener.refused(reason);
        }
    }

    private String lastError() {
        try {
            return Files.readAllLines(errors).stream().reduce("", (earlier, line) -> line);
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Has everything undone, and waits for it. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        try {
            orders.close();
            if (!process.waitFor(PATIENCE_S, TimeUnit.SECONDS)) {
                troubles.accept("the runner's helper did not end within " + PATIENCE_S + " s");
                process.destroyForcibly();
            }
            reader.join(TimeUnit.SECONDS.toMillis(PATIENCE_S));
        } catch (IOException e) {
            troubles.accept("the runner's helper could not be closed: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
