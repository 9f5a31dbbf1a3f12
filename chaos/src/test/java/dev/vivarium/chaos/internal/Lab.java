package dev.vivarium.chaos.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.PendingCall;
import dev.vivarium.PythonCall;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.Schedule;
import dev.vivarium.chaos.Step;
import dev.vivarium.chaos.Targets;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestPoolSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;

/** A pool of Python workers, and the runner's injector, without a runner. */
final class Lab implements AutoCloseable {

    static final Duration FOREVER = Duration.ofMinutes(9);

    final TestPool kit;
    final List<String> troubles = new CopyOnWriteArrayList<>();
    private final Orders orders = new Orders();
    private final Path folder;
    private final History history;
    private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(2);
    private final Injector injector;

    Lab(Path folder, int workers, String... options) throws IOException, InterruptedException {
        this.folder = folder;
        history = new History(folder);
        kit = TestPool.prepare(TestPoolSpec.of(Layer.PYTHON)
                .workers(workers)
                .options(options)
                .handlers(orders.handlers().toString())
                .seed(7));
        Path ballast = kit.config(more -> {}).attachments().sharedFolder().resolve("vchaos-" + kit.name());
        injector = new Injector(kit, orders, history, timer, "python3", ballast, () -> {}, troubles::add);
        kit.start(more ->
                more.environment("CHAOS_FOLDER", orders.folder().toString()).eventListener(injector::on));
        kit.ensureReady();
    }

    /** Has a fault befall one worker, or the pool, and returns it. */
    Struck befall(ChaosFault fault, Duration ttl) throws InterruptedException {
        return befall(fault, Targets.ONE, ttl).get(0);
    }

    List<Struck> befall(ChaosFault fault, Targets targets, Duration ttl) throws InterruptedException {
        int before = injector.struck().size();
        Scenario scenario = Scenario.builder("lab")
                .workers(kit.pool().snapshot().workers().size())
                .step(new Step.Inject(Duration.ZERO, fault, targets, Duration.ZERO, ttl, 1000))
                .expect("lost == 0")
                .build();
        Schedule schedule = Schedule.of(scenario, 7);
        injector.prepare(schedule);
        injector.begin(schedule, event -> true);
        int count = fault instanceof ChaosFault.OfPool ? 1 : targets.count(scenario.workers());
        until("requested", () -> injector.struck().size() == before + count);
        return injector.struck().subList(before, before + count);
    }

    PendingCall<JsonNode> call(Duration timeout) {
        return kit.pool().call(PythonCall.to("work").args("x", 0).timeout(timeout));
    }

    /** Makes calls, one after the other, until a fault has landed; what becomes of them is of no matter. */
    void landing(Struck target) throws InterruptedException {
        List<PendingCall<JsonNode>> calls = new ArrayList<>();
        until("landed: " + target.planned() + ", refused: " + target.refusal(), () -> {
            if (calls.isEmpty() || calls.get(calls.size() - 1).isDone()) {
                calls.add(call(Duration.ofSeconds(20)));
            }
            return target.landed() > 0;
        });
    }

    void until(String what, BooleanSupplier holds) throws InterruptedException {
        kit.passTimeUntil(what, holds);
    }

    void heal() {
        injector.healAll();
    }

    long pid() {
        return kit.pool().snapshot().workers().get(0).pid();
    }

    /** Returns what a file of a process's in {@code /proc} has; empty when it is gone. */
    static String proc(long pid, String file) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), file), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }

    static char state(long pid) {
        String stat = proc(pid, "stat");
        return stat.isEmpty() ? '-' : stat.charAt(stat.lastIndexOf(')') + 2);
    }

    /** Ends it, and returns the events of its faults in order. */
    List<String> events() throws IOException {
        close();
        List<String> events = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve(History.FILE))) {
            JsonNode event = new ObjectMapper().readTree(line);
            if (event.path("what").asText().equals("fault")
                    && event.path("times").asInt(1) == 1) {
                events.add(event.path("event").asText());
            }
        }
        return events;
    }

    @Override
    public void close() {
        if (timer.isShutdown()) {
            return;
        }
        injector.close();
        timer.shutdownNow();
        kit.close();
        orders.close();
        history.close();
    }
}
