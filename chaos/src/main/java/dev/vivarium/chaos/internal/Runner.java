package dev.vivarium.chaos.internal;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolException;
import dev.vivarium.PoolSnapshot;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.PythonCall;
import dev.vivarium.bench.load.LoadClock;
import dev.vivarium.bench.load.LoadGenerator;
import dev.vivarium.bench.load.LoadReport;
import dev.vivarium.chaos.ChaosResult;
import dev.vivarium.chaos.Finding;
import dev.vivarium.chaos.RandomStreams;
import dev.vivarium.chaos.RunSettings;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.Schedule;
import dev.vivarium.chaos.Verdict;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.Leak;
import dev.vivarium.testkit.LeaseWatch;
import dev.vivarium.testkit.SessionHistory;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.TestPoolSpec;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** One run: steady state, safety phase, heal, liveness phase, steady state, audit. Used once, by one thread. */
public final class Runner {

    /** The file of what was run, in a run's folder. */
    static final String SCENARIO = "scenario.yaml";

    private static final Duration AUDIT = Duration.ofSeconds(10);
    private static final Duration START = Duration.ofSeconds(90);
    private static final Duration KILL = Duration.ofSeconds(10);
    private static final long SAMPLE_MS = 5;
    private static final long STATUS_MS = 1000;
    private static final long LOOK_NANOS = 10_000_000;
    private static final int WARM_UP = 20;
    /** By how much longer is waited for recovery when the machine is busy with other things. */
    private static final int DISTURBED_PATIENCE = 3;
    /** A runner that did not run for so long has not made the load that was asked for. */
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    private final Scenario scenario;
    private final Schedule schedule;
    private final RunSettings settings;
    private final RandomStreams streams;
    private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(2, task -> daemon(task, "timer"));
    private final ScheduledExecutorService sampler =
            Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "sampler"));
    private final List<String> troubles = new CopyOnWriteArrayList<>();
    private volatile long methodAt;
    private volatile long healedAt;
    private volatile String part = "starting";

    /** Creates a run. */
    public Runner(Scenario scenario, Schedule schedule, RunSettings settings) {
        this.scenario = scenario;
        this.schedule = schedule;
        this.settings = settings;
        streams = new RandomStreams(schedule.seed());
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, "chaos-" + name);
        thread.setDaemon(true);
        return thread;
    }

    /** Runs it, judges it, and writes the report. */
    public ChaosResult run() throws IOException, InterruptedException {
        Path folder = folder();
        Files.writeString(folder.resolve(SCENARIO), scenario.toYaml());
        double loadBefore = load();
        Facts facts;
        List<Finding> findings;
        try (History history = new History(folder);
                Orders orders = new Orders()) {
            facts = new Stage(history, orders).run(loadBefore);
            findings = Oracle.judge(facts);
            history.line("verdict").with("verdict", verdict(findings)).write();
        } finally {
            timer.shutdownNow();
            sampler.shutdownNow();
        }
        Verdict verdict = verdict(findings);
        String text = new ReportText(facts, findings, settings, folder).text(verdict);
        Journal.write(folder, facts, findings, verdict, settings);
        Files.writeString(
                folder.resolve(Timeline.FILE),
                new Timeline(facts, findings, verdict, ReportText.repeat(facts, settings, folder)).html());
        return new ChaosResult(scenario, schedule.seed(), verdict, findings, folder, text);
    }

    private static Verdict verdict(List<Finding> findings) {
        return Verdict.of(findings.stream().map(Finding::verdict).toList());
    }

    private Path folder() throws IOException {
        Path runs = settings.report().resolve(scenario.name());
        Files.createDirectories(runs);
        String seed = RunSettings.hex(schedule.seed());
        for (int i = 1; ; i++) {
            Path folder = runs.resolve(i == 1 ? seed : seed + "-" + i);
            try {
                return Files.createDirectory(folder);
            } catch (FileAlreadyExistsException e) {
                // Of an earlier run, or of one beside this: the next.
            }
        }
    }

    private static int processors() {
        return Runtime.getRuntime().availableProcessors();
    }

    private static double load() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    /** The pool of the run, and what is around it. */
    private final class Stage {
        private final History history;
        private final Orders orders;
        private final TestPool kit;
        private final Subject subject;
        private final Watch watch;
        private final Injector injector;
        private final SessionHistory sessions = new SessionHistory();
        private final Calls calls;
        private final PoolConfig config;

        Stage(History history, Orders orders) {
            this.history = history;
            this.orders = orders;
            List<String> options = new ArrayList<>();
            // A machine that is busy with other things is not what is tried; the scenario's own come later, and win.
            options.add("connect-timeout = 60s");
            options.addAll(scenario.options());
            options.add("python = \"" + settings.python() + "\"");
            kit = TestPool.prepare(TestPoolSpec.of(Layer.PYTHON)
                    .workers(scenario.workers())
                    .options(options.toArray(String[]::new))
                    .handlers(orders.handlers().toString())
                    .seed(streams.seedOf("pool"))
                    .auditPatience(AUDIT));
            Path home = Objects.requireNonNull(kit.runtimeDirectory().getParent());
            subject = settings.sabotage().isEmpty()
                    ? new Subject(kit::pool)
                    : new SabotagedSubject(
                            kit::pool,
                            settings.sabotage(),
                            home,
                            scenario.load().timeout());
            config = kit.config(more -> {});
            Duration back = config.timeouts()
                    .cancelGrace()
                    .plus(config.timeouts().drainGrace())
                    .plus(KILL);
            int surge = config.sizing().overflow() + scenario.workers();
            watch = new Watch(
                    scenario.workers(), history, new LeaseWatch(scenario.workers(), surge, back, subject::isOpen));
            Path ballast = config.attachments().sharedFolder().resolve("vchaos-" + kit.name());
            injector = new Injector(
                    kit, orders, history, timer, settings.python(), ballast, subject::landed, troubles::add);
            calls = new Calls(scenario.load(), subject, history, sessions, streams);
            history.line("run")
                    .with("scenario", scenario.name())
                    .with("seed", RunSettings.hex(schedule.seed()))
                    .with("pool", kit.name())
                    .with("runner", ProcessHandle.current().pid())
                    .with("begun", begun())
                    .with("folders", List.of(home.toString(), orders.folder().toString(), ballast.toString()))
                    .write();
        }

        private @Nullable String begun() {
            return ProcessHandle.current()
                    .info()
                    .startInstant()
                    .map(Instant::toString)
                    .orElse(null);
        }

        Facts run(double loadBefore) throws InterruptedException {
            try {
                return play(loadBefore);
            } finally {
                try {
                    injector.close();
                } finally {
                    kit.close();
                }
            }
        }

        private void begin(String name) {
            part = name;
            history.line("phase").with("name", name).write();
            say(name);
        }

        private void say(String what) {
            PoolSnapshot now = subject.snapshot();
            long faults = injector.struck().stream()
                    .filter(target -> target.landed() > 0 && target.healed() == 0)
                    .count();
            settings.progress()
                    .accept(String.format(
                            Locale.ROOT,
                            "+%05.1f %-28s %d calls, %d open, %d ok, %d failed; %d/%d serving, %d waiting, %d faults",
                            history.now() / 1e9,
                            what,
                            calls.all().size(),
                            calls.open(),
                            now.succeeded(),
                            now.failed(),
                            watch.serving(),
                            scenario.workers(),
                            now.waiting(),
                            faults));
        }

        private Facts play(double loadBefore) throws InterruptedException {
            if (!start()) {
                long now = history.now();
                Facts.Machine machine = new Facts.Machine(processors(), Math.max(loadBefore, load()), 0, 0);
                return facts(new Facts.Times(now, now, now, now, now, -1), machine, kit.leaks());
            }
            injector.prepare(schedule);
            warmUp();
            var unused = sampler.scheduleWithFixedDelay(
                    () -> watch.on(subject.snapshot()), 0, SAMPLE_MS, TimeUnit.MILLISECONDS);
            begin("steady state before");
            var unusedStatus =
                    sampler.scheduleWithFixedDelay(() -> say(part), STATUS_MS, STATUS_MS, TimeUnit.MILLISECONDS);
            long load = history.now();
            Duration window = scenario.steady().window();
            schedule(window, () -> {
                try {
                    beginMethod();
                } finally { // Also when that fails: without an end nothing could recover, and it would be the pool's
                    // fault.
                    schedule(schedule.length(), this::endMethod);
                }
            });
            var plan = scenario.load().loadPlan();
            LoadReport report = new LoadGenerator(
                            plan,
                            streams.seedOf("load"),
                            scenario.load().maxInFlight(),
                            scenario.recover(),
                            LoadClock.system(),
                            calls)
                    .run();
            long end = load + plan.length().toNanos();
            begin("liveness: drain");
            Facts.Machine machine = machine(report, loadBefore);
            long recovered = awaitRecovered(Math.max(end, healedAt), machine.isDisturbed());
            sampler.shutdownNow();
            begin("audit");
            injector.close();
            watch.end();
            subject.ending();
            troubles.addAll(subject.troubles());
            List<Leak> leaks = kit.leaks();
            Facts.Times times = new Facts.Times(load, methodAt, healedAt, end - window.toNanos(), end, recovered);
            return facts(times, machine, leaks);
        }

        /** Starts the pool; returns whether all its workers have become ready. */
        private boolean start() throws InterruptedException {
            kit.start(more -> more.environment("CHAOS_FOLDER", orders.folder().toString())
                    .eventListener(event -> {
                        subject.event(event, watch::on);
                        injector.on(event);
                    }));
            try {
                var unused = kit.pool().whenServing().toCompletableFuture().get(START.toSeconds(), TimeUnit.SECONDS);
                kit.ensureReady();
                return true;
            } catch (ExecutionException e) {
                if (e.getCause() instanceof PoolStartFailed failed
                        && failed.reason() != PoolStartFailed.Reason.WORKERS_NOT_READY) {
                    throw failed;
                }
                troubles.add("the pool did not become ready: " + e.getCause());
                return false;
            } catch (TimeoutException | AssertionError e) {
                troubles.add("the pool did not become ready: "
                        + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
                return false;
            }
        }

        private void schedule(Duration delay, Runnable task) {
            var unused = timer.schedule(
                    () -> {
                        try {
                            task.run();
                        } catch (RuntimeException e) {
                            troubles.add("the runner failed: " + e);
                        }
                    },
                    delay.toMillis(),
                    TimeUnit.MILLISECONDS);
        }

        private void beginMethod() {
            methodAt = history.now();
            Optional<String> unwell = Before.trouble(calls.all(), methodAt, scenario.steady());
            if (unwell.isPresent()) {
                troubles.add("no fault was injected: " + unwell.get());
                begin("not well: no faults");
                return;
            }
            begin("safety: faults");
            injector.begin(schedule, watch::hasReached);
        }

        private void endMethod() {
            injector.healAll();
            healedAt = history.now();
            begin("liveness: healed");
        }

        private void warmUp() throws InterruptedException {
            for (int i = 0; i < WARM_UP * scenario.workers(); i++) {
                PythonCall<JsonNode> call =
                        PythonCall.to("work").args("warm-up", 0).retrySafe();
                try {
                    var unused = subject.send(call, null).await();
                } catch (PoolException e) {
                    troubles.add("a call failed before the load began: " + e.getMessage());
                    return;
                }
            }
        }

        /** Returns when all workers were there and all calls had ended; -1 for not within the runner's patience. */
        private long awaitRecovered(long from, boolean disturbed) throws InterruptedException {
            long patience = scenario.recover().toNanos() * (disturbed ? DISTURBED_PATIENCE : 1);
            while (history.now() - from <= patience) {
                if (healedAt > 0 && watch.isWhole() && calls.open() == 0) {
                    return history.now();
                }
                LockSupport.parkNanos(LOOK_NANOS);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
            return -1;
        }

        private Facts.Machine machine(LoadReport report, double loadBefore) {
            long longest = (long) (report.longestPauseMillis() * 1e6);
            if (longest > LONGEST_PAUSE.toNanos()) {
                troubles.add("the runner itself did not run for " + longest / 1_000_000 + " ms");
            }
            return new Facts.Machine(processors(), Math.max(loadBefore, load()), report.pauses(), longest);
        }

        private Facts facts(Facts.Times times, Facts.Machine machine, List<Leak> leaks) {
            Facts.Limits limits = new Facts.Limits(
                    config.sizing().queueCapacity(),
                    config.retry().budget(),
                    config.retry().burst());
            return new Facts(
                    scenario,
                    schedule,
                    calls.all(),
                    kit.ledger().report(),
                    sessions.check(),
                    injector.struck(),
                    leaks,
                    watch.facts(),
                    times,
                    machine,
                    limits,
                    List.copyOf(troubles));
        }
    }
}
