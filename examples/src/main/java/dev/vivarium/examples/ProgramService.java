package dev.vivarium.examples;

import dev.vivarium.PoolConfig;
import dev.vivarium.PythonPool;
import dev.vivarium.Signal;
import dev.vivarium.WorkerSnapshot;
import dev.vivarium.programs.LanguageModel;
import dev.vivarium.programs.ProgramAnswer;
import dev.vivarium.programs.ProgramSpec;
import dev.vivarium.programs.Programs;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** Answers questions with a program that each user has in a session, and that survives its worker. */
public final class ProgramService implements AutoCloseable {

    private final PythonPool pool;

    /** Starts the service, and has every worker ask {@code model}. */
    public ProgramService(LanguageModel model) {
        pool = PythonPool.start(PoolConfig.builder()
                .name("programs")
                .handlers(Programs.HANDLERS)
                .workers(2)
                .build());
        Programs.configure(pool, model).toCompletableFuture().join();
    }

    /** Gives a user a program. */
    public void begin(String user) throws InterruptedException {
        Programs programs = Programs.of(pool.session(user));
        programs.create(ProgramSpec.of("qa", "question, context -> answer")).await();
    }

    /** Asks the user's program. */
    public CompletionStage<ProgramAnswer> ask(String user, String question, String context) {
        return Programs.of(pool.session(user)).execute("qa", Map.of("question", question, "context", context));
    }

    /** Kills every worker, as {@code kill -9} would. */
    void killWorkers() {
        for (WorkerSnapshot worker : pool.snapshot().workers()) {
            pool.signal(worker.worker(), worker.incarnation(), Signal.KILL);
        }
    }

    @Override
    public void close() {
        pool.close();
    }

    /** Asks before and after the workers are killed. */
    public static void main(String[] args) throws InterruptedException {
        try (ProgramService service = new ProgramService(new LanguageModel("openai/gpt-4o-mini"))) {
            service.begin("ada");
            print(service);
            service.killWorkers();
            print(service);
        }
    }

    private static void print(ProgramService service) {
        ProgramAnswer answer =
                service.ask("ada", "who?", "it was me").toCompletableFuture().join();
        System.out.println(answer.text("answer") + " (" + answer.backend().name() + ")");
    }
}
