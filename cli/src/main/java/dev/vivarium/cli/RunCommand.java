package dev.vivarium.cli;

import dev.vivarium.InvalidPoolConfig;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolConfigBuilder;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.protocol.RawJson;
import dev.vivarium.protocol.message.HandlerInfo;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vivarium run}: a file of inputs through a Python function. */
@Command(
        name = "run",
        description = "Streams a file of inputs through a Python function on supervised workers.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Each input makes one line of output, in the order of the inputs: {\"result\": ...} or",
            "{\"error\": {\"type\", \"category\", \"execution\", \"message\", \"traceback\"}}. A line that cannot be",
            "read (blank lines of jsonl included) is such an error, and the run goes on.",
            "",
            "Exit status: 0 all ok, 2 some calls failed, 64 wrong usage, 69 no usable Python,",
            "70 a defect of ours, 74 reading or writing failed, 130 interrupted, 141 the output's reader has left.",
            "Ctrl-C finishes the calls that run; a second one leaves at once."
        })
final class RunCommand implements Callable<Integer> {

    private static final int RETRIES = 3;
    private static final int RETRIES_UNDER_KILLS = 100;
    private static final Duration NO_LIMIT = Duration.ofDays(1);

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything is called.
    private CommandSpec spec;

    @Option(
            names = "--handlers",
            required = true,
            paramLabel = "FILE.py|MODULE",
            description = "Where the function is defined.")
    private String handlers = "";

    @Option(names = "--call", required = true, paramLabel = "NAME", description = "The function's name.")
    private String call = "";

    @Option(names = "--input", paramLabel = "FILE|-", description = "The inputs; - is standard input. Default: -.")
    private String input = "-";

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description =
                    "jsonl: a JSON object a line, its members are keyword arguments. csv: a header, rows are keyword "
                            + "arguments. lines: each line is the one positional argument. Default: by the file's ending, else jsonl.")
    private Inputs.@Nullable Format format;

    @Option(
            names = "--output",
            paramLabel = "FILE|-",
            description = "Where the results go; - is standard output. Default: -.")
    private String output = "-";

    @Option(names = "--workers", paramLabel = "N", description = "Worker processes. Default: the number of processors.")
    private int workers = Runtime.getRuntime().availableProcessors();

    @Option(names = "--timeout", paramLabel = "D", description = "Limit of one call, retries included. Default: 60s.")
    private Duration timeout = Duration.ofSeconds(60);

    @Option(
            names = "--retries",
            paramLabel = "N",
            description = "How often a call is sent again after its worker died. Default: " + RETRIES
                    + ", with --kill-every " + RETRIES_UNDER_KILLS + ".")
    private @Nullable Integer retries;

    @Option(
            names = "--retry-safe",
            description =
                    "The function may run twice for one input; without it, only calls that never started are sent again.")
    private boolean retrySafe;

    @Option(
            names = "--session-by",
            paramLabel = "FIELD",
            description =
                    "Group the inputs into sessions by this field, whose calls run in order and share ctx.session.")
    private @Nullable String sessionBy;

    @Option(
            names = "--kill-every",
            paramLabel = "D",
            description = "Kill a random busy worker, one each D on average, to see what happens.")
    private @Nullable Duration killEvery;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Makes the choices of --kill-every repeatable. Default: random.")
    private @Nullable Long seed;

    @Option(names = "--python", paramLabel = "PATH", description = "The interpreter. Default: python3.")
    private String python = "python3";

    @Option(names = "--summary", paramLabel = "FILE", description = "Write the summary there, as JSON.")
    private @Nullable String summaryFile;

    @Override
    public Integer call() throws UserError, IOException, InterruptedException {
        if (seed != null && killEvery == null) {
            throw new ParameterException(spec.commandLine(), "--seed is for --kill-every, which is not given");
        }
        if (sessionBy != null && format() == Inputs.Format.lines) {
            throw new ParameterException(
                    spec.commandLine(), "--session-by names a field, which the format 'lines' does not have");
        }
        RunFiles files = new RunFiles(handlers, input, output, summaryFile);
        files.check();
        OpenFiles.check(workers);
        Interrupts interrupts = new Interrupts();
        Tally tally = new Tally();
        StartTrouble trouble = new StartTrouble();
        PoolConfig config = config(event -> {
            tally.on(event);
            trouble.on(event);
        });
        try (InputStream in = files.openInput()) {
            Pipeline pipeline = new Pipeline(
                    config, tally, killEvery, seed, spec.commandLine().getErr());
            interrupts.install(pipeline::stop);
            PythonPool pool = pipeline.start();
            try {
                awaitServing(pool, interrupts, trouble);
                checkCallExists(pool);
                Inputs inputs = beginInputs(in, pipeline, files);
                pipeline.begin();
                // Not before: what is there stays when the run does not begin.
                try (OutputStream out = files.openOutput()) {
                    files.writeSummary(pipeline.run(inputs, out, files));
                } catch (IOException e) {
                    throw files.outputFailed(e); // Closing it writes what a remote file system has kept back.
                }
            } catch (PipelineStopped stopped) {
                return interrupts.status();
            } finally {
                pipeline.close();
            }
        }
        if (interrupts.status() != 0) {
            return interrupts.status();
        }
        return tally.failed() > 0 ? ExitCode.SOME_FAILED : ExitCode.OK;
    }

    /** Ctrl-C came before the run had begun. */
    static final class PipelineStopped extends Exception {
        private static final long serialVersionUID = 1L;
    }

    private PoolConfig config(Consumer<PoolEvent> listener) {
        PoolConfigBuilder builder = PoolConfig.builder()
                .name("run")
                .python(python)
                .workers(workers)
                .callTimeout(timeout)
                .maxRetries(retries != null ? retries : killEvery != null ? RETRIES_UNDER_KILLS : RETRIES)
                // A run ends. Every line of its input shall be tried, whatever became of the lines before it.
                .retry(retry -> retry.budget(1000).burst(1_000_000))
                .recovery(recovery -> recovery.maxConcurrent(10_000)
                        .minorBudget(NO_LIMIT)
                        .majorBudget(NO_LIMIT)
                        .criticalBudget(NO_LIMIT))
                .circuitBreaker(breaker -> breaker.enabled(false))
                .eventListener(listener);
        HandlerSource.configure(builder, handlers);
        try {
            return builder.build();
        } catch (InvalidPoolConfig e) {
            throw new ParameterException(spec.commandLine(), Durations.forPeople(String.join("; ", e.problems())));
        }
    }

    private Inputs beginInputs(InputStream in, Pipeline pipeline, RunFiles files)
            throws UserError, PipelineStopped, InterruptedException {
        Inputs inputs = inputs(in);
        try {
            InputRecord.Malformed unusable = pipeline.begin(inputs);
            if (unusable != null) {
                throw files.inputRefused(unusable);
            }
        } catch (IOException e) {
            throw files.inputFailed(e);
        }
        return inputs;
    }

    private Inputs inputs(InputStream in) {
        PythonCall<RawJson> template = PythonCall.to(call).returning(RawJson.class);
        if (retrySafe) {
            template = template.retrySafe();
        }
        Inputs inputs = Inputs.of(format(), new LineReader(in, Inputs.MAX_LINE_BYTES), template);
        return sessionBy == null ? inputs : inputs.bySession(new SessionField(sessionBy));
    }

    private Inputs.Format format() {
        if (format != null) {
            return format;
        }
        String name = input.toLowerCase(Locale.ROOT);
        if (name.endsWith(".csv")) {
            return Inputs.Format.csv;
        }
        return name.endsWith(".txt") ? Inputs.Format.lines : Inputs.Format.jsonl;
    }

    private void awaitServing(PythonPool pool, Interrupts interrupts, StartTrouble trouble)
            throws UserError, PipelineStopped, InterruptedException {
        try {
            var unused = pool.whenServing().toCompletableFuture().get();
        } catch (ExecutionException e) {
            if (interrupts.status() != 0) {
                throw new PipelineStopped();
            }
            if (e.getCause() instanceof PoolStartFailed failed) {
                if (trouble.isOfHandlers(failed)) {
                    throw new UserError(
                            ExitCode.USAGE, "--handlers: " + handlers + " cannot be loaded: " + failed.getMessage());
                }
                boolean interpreter = trouble.isOfInterpreter(failed);
                Optional<String> why = interpreter ? InterpreterProbe.trouble(python) : Optional.empty();
                if (interrupts.status() != 0) {
                    throw new PipelineStopped();
                }
                String advice =
                        interpreter ? " ('vivarium doctor' tells more; --python PATH names another interpreter)" : "";
                throw new UserError(
                        ExitCode.UNAVAILABLE,
                        why.map(text -> "--python: " + text)
                                .orElseGet(() -> Durations.forPeople(String.valueOf(failed.getMessage())) + advice));
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private void checkCallExists(PythonPool pool) throws UserError {
        List<HandlerInfo> known = pool.handlers();
        if (known.stream().noneMatch(handler -> handler.name().equals(call))) {
            throw new UserError(
                    ExitCode.USAGE,
                    "--call: " + handlers + " has no handler named '" + call + "'; there are: "
                            + known.stream()
                                    .map(h -> h.name() + h.signature())
                                    .sorted()
                                    .collect(Collectors.joining(", ")));
        }
    }
}
