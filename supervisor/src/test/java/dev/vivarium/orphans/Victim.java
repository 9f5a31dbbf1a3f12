package dev.vivarium.orphans;

import dev.vivarium.PoolConfig;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.Signal;
import dev.vivarium.WorkerSnapshot;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A JVM with a pool of two workers in a state of the caller's choice, to be killed by {@code scripts/orphans}. Prints a line
 * with the processes when the state is reached, and again for each line read, after the guardian was killed.
 */
public final class Victim {

    private static final int WORKERS = 2;

    private final BlockingQueue<PoolEvent> events = new LinkedBlockingQueue<>();
    private final String state;
    private volatile long template;

    private Victim(String state) {
        this.state = state;
    }

    /** Runs with the state (idle, python, native, stopped, child, template) and the handlers' file as arguments. */
    public static void main(String[] args) throws Exception {
        new Victim(args[0]).run(args[1]);
    }

    private void run(String handlers) throws Exception {
        PoolConfig config = PoolConfig.builder()
                .name("victim")
                .handlers(handlers)
                .workers(WORKERS)
                .minReady(WORKERS)
                .python(System.getProperty("victim.python", "python3"))
                .template(template -> template.enabled(state.equals("template")))
                .eventListener(this::heard)
                .build();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (PythonPool pool = PythonPool.start(config)) {
            do {
                long guardian = awaitGuardian();
                enterState(pool, guardian);
            } while (in.readLine() != null);
        }
    }

    private long awaitGuardian() throws InterruptedException {
        while (true) {
            PoolEvent event = events.poll(30, TimeUnit.SECONDS);
            if (event == null) {
                throw new IllegalStateException("no guardian within 30 s");
            }
            if (event instanceof PoolEvent.GuardianStarted started) {
                return started.pid();
            }
        }
    }

    private void heard(PoolEvent event) {
        if (event instanceof PoolEvent.TemplateStarted started) {
            template = started.pid();
        }
        events.add(event);
    }

    /** Stops the template; returns all children of the guardian, spares included, each after a space. */
    private String stopTemplate(long guardian) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-STOP", Long.toString(template)).start();
        if (kill.waitFor() != 0) {
            throw new IllegalStateException("the template cannot be stopped");
        }
        return ProcessHandle.of(guardian)
                .orElseThrow()
                .children()
                .map(child -> " " + child.pid())
                .collect(Collectors.joining());
    }

    private void enterState(PythonPool pool, long guardian) throws IOException, InterruptedException {
        List<Integer> children = new ArrayList<>();
        if (state.equals("child")) {
            children.add(pool.call("leave_child", Integer.class).await());
        } else {
            // An answer of each worker: everything is up.
            var unused = pool.call("pid", Integer.class).await();
        }
        while (pool.snapshot().count(WorkerSnapshot.Phase.IDLE) < WORKERS) {
            events.poll(10, TimeUnit.MILLISECONDS);
        }
        if (state.equals("python") || state.equals("native")) {
            String handler = state.equals("python") ? "spin" : "hold_the_lock";
            for (int i = 0; i < WORKERS; i++) {
                var unused = pool.call(PythonCall.to(handler).maxRetries(0));
            }
            while (pool.snapshot().count(WorkerSnapshot.Phase.BUSY) < WORKERS) {
                events.poll(10, TimeUnit.MILLISECONDS);
            }
        }
        StringBuilder line = new StringBuilder("UP ").append(guardian);
        for (WorkerSnapshot worker : pool.snapshot().workers()) {
            line.append(' ').append(worker.pid());
            if (state.equals("stopped")) {
                pool.signal(worker.worker(), worker.incarnation(), Signal.STOP);
            }
        }
        if (state.equals("template")) {
            line.append(stopTemplate(guardian));
        }
        children.forEach(child -> line.append(' ').append(child));
        System.out.println(line);
        System.out.flush();
    }
}
