package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonException;
import dev.vivarium.PythonPool;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerReplies;
import dev.vivarium.WorkerSnapshot.Phase;
import dev.vivarium.programs.FieldType;
import dev.vivarium.programs.LanguageModel;
import dev.vivarium.programs.Program;
import dev.vivarium.programs.ProgramAnswer;
import dev.vivarium.programs.ProgramField;
import dev.vivarium.programs.ProgramKind;
import dev.vivarium.programs.ProgramSpec;
import dev.vivarium.programs.ProgramStats;
import dev.vivarium.programs.Programs;
import dev.vivarium.programs.ProgramsWorker;
import dev.vivarium.session.PythonSession;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs in sessions, through the typed client. */
@VivariumTest(layers = Layer.PYTHON, workers = 2, readiness = Readiness.NOT_STARTED, expectWarnings = "SIGKILL")
class ProgramsTest {

    private static final ProgramSpec QA = ProgramSpec.of("qa", "question, context -> answer");

    private static PythonPool started(TestPool kit) throws InterruptedException {
        return started(kit, List.of());
    }

    private static PythonPool started(TestPool kit, List<Path> pythonPath) throws InterruptedException {
        kit.start(settings -> settings.handlers(Programs.HANDLERS).pythonPath(pythonPath));
        kit.ensureReady();
        return kit.pool();
    }

    private static <T> T of(PendingCall<T> call) throws Exception {
        return call.await(Duration.ofSeconds(Scripts.LIMIT_S));
    }

    private static PythonException raised(PendingCall<?> call) {
        PythonException raised = catchThrowableOfType(PythonException.class, () -> of(call));
        assertThat(raised).isNotNull();
        return raised;
    }

    private static void replaced(TestPool kit, int slot) throws InterruptedException {
        kit.awaitThat(
                "replaced",
                () -> kit.worker(slot).snapshot().incarnation() == 2
                        && kit.worker(slot).snapshot().phase() == Phase.IDLE);
    }

    private static void killAll(TestPool kit) throws InterruptedException {
        kit.worker(1).kill();
        kit.worker(2).kill();
        replaced(kit, 1);
        replaced(kit, 2);
    }

    private static WorkerReplies<ProgramsWorker> configured(PythonPool pool, LanguageModel model) throws Exception {
        return Programs.configure(pool, model).toCompletableFuture().get(Scripts.LIMIT_S, TimeUnit.SECONDS);
    }

    /** Writes a module that stands in for DSPy. */
    private static Path dspy(Path folder) throws Exception {
        Files.writeString(folder.resolve("dspy.py"), """
                import contextlib

                current = None

                class LM:
                    def __init__(self, model, **options):
                        if not model.startswith("known/"):
                            raise ValueError("no such model")
                        self.model = model

                class Signature:
                    def __init__(self, text, instructions):
                        self.text = text

                @contextlib.contextmanager
                def context(lm):
                    global current
                    current = lm
                    yield

                class Prediction:
                    pass

                class Predict:
                    def __init__(self, signature):
                        self.signature = signature

                    def __call__(self, **inputs):
                        prediction = Prediction()
                        prediction.answer = current.model + " of " + self.signature.text
                        return prediction
                """);
        return folder;
    }

    @Nested
    class AProgram {

        @VivariumTest
        void isCreatedRunListedReadAndDeleted(TestPool kit) throws Exception {
            Programs programs = Programs.of(started(kit).session("s"));

            Program created = of(programs.create(QA.instructions("be brief")));
            ProgramAnswer answer = of(programs.execute("qa", Map.of("question", "who?", "context", "me")));
            Program read = of(programs.get("qa"));

            assertThat(created.inputs()).containsExactly(ProgramField.text("question"), ProgramField.text("context"));
            assertThat(created.executedAt()).isNull();
            assertThat(answer.text("answer")).startsWith("[local] answer of ");
            assertThat(answer.backend().name()).isEqualTo("local");
            assertThat(answer.backend().deterministic()).isTrue();
            assertThat(answer.backend().note()).contains("no language model was asked");
            assertThat(read.executions()).isEqualTo(1);
            assertThat(read.executedAt()).isAfterOrEqualTo(created.createdAt());
            assertThat(of(programs.list())).containsExactly(read);
            assertThat(of(programs.delete("qa"))).isEqualTo(read);
            assertThat(of(programs.list())).isEmpty();
        }

        @VivariumTest
        void survivesTheDeathOfEveryWorker(TestPool kit) throws Exception {
            Programs programs = Programs.of(started(kit).session("s"));
            of(programs.create(QA));
            Map<String, String> inputs = Map.of("question", "who?", "context", "me");
            ProgramAnswer before = of(programs.execute("qa", inputs));

            killAll(kit);

            assertThat(of(programs.execute("qa", inputs)).outputs()).isEqualTo(before.outputs());
            assertThat(of(programs.get("qa")).executions()).isEqualTo(2);
            ProgramStats stats = of(programs.stats());
            assertThat(stats.created()).isEqualTo(1);
            assertThat(stats.executed()).isEqualTo(2);
        }

        @VivariumTest
        void belongsToItsSession(TestPool kit) throws Exception {
            PythonPool pool = started(kit);
            of(Programs.of(pool.session("a")).create(QA));

            assertThat(of(Programs.of(pool.session("b")).list())).isEmpty();
        }

        @VivariumTest
        void hasTypedFieldsAndAKind(TestPool kit) throws Exception {
            Programs programs = Programs.of(started(kit).session("s"));
            ProgramSpec spec = ProgramSpec.of(
                            "count",
                            List.of(new ProgramField("text", FieldType.TEXT, "what to count in")),
                            List.of(new ProgramField("words", FieldType.INTEGER, "")))
                    .kind(ProgramKind.CHAIN_OF_THOUGHT);

            Program created = of(programs.create(spec));
            ProgramAnswer answer = of(programs.timeout(Duration.ofSeconds(20)).execute("count", Map.of("text", "a b")));

            assertThat(created.kind()).isEqualTo(ProgramKind.CHAIN_OF_THOUGHT);
            assertThat(created.inputs().get(0).description()).isEqualTo("what to count in");
            assertThat(answer.outputs()).containsOnlyKeys("words", ProgramKind.REASONING);
            assertThat(answer.outputs().get("words").isInt()).isTrue();
        }

        @VivariumTest
        void thatCannotBeIsRefusedWithLimitAndValue(TestPool kit) throws Exception {
            Programs programs = Programs.of(started(kit).session("s"));
            of(programs.create(QA));

            assertThat(raised(programs.create(QA)).pythonType()).endsWith(".ProgramExists");
            assertThat(raised(programs.create(ProgramSpec.of("x", "a -> b -> c")))
                            .pythonType())
                    .endsWith(".InvalidSignature");
            assertThat(raised(programs.get("none")).pythonType()).endsWith(".ProgramNotFound");
            assertThat(raised(programs.execute("qa", Map.of("question", 7)))).hasMessageContaining("is a str, got int");
            assertThat(raised(programs.create(ProgramSpec.of("i".repeat(200), "a -> b"))))
                    .hasMessageContaining("MAX_ID_CHARS is 128, and the id has 200");
            assertThat(of(programs.list())).hasSize(1);
        }

        @VivariumTest
        void isGoneAfterACleanupAndItsCountAfterAReset(TestPool kit) throws Exception {
            Programs programs = Programs.of(started(kit).session("s"));
            of(programs.create(QA));

            assertThat(of(programs.cleanup())).isEqualTo(1);
            assertThat(of(programs.stats()).created()).isEqualTo(1);
            assertThat(of(programs.reset())).isZero();
            assertThat(of(programs.stats()).created()).isZero();
        }
    }

    @Nested
    class TheLanguageModel {

        @VivariumTest
        void isSetInEveryWorkerAndEveryReplacement(TestPool kit) throws Exception {
            PythonPool pool = started(kit);

            WorkerReplies<ProgramsWorker> replies =
                    configured(pool, new LanguageModel("some/model").option("temperature", 0));
            killAll(kit);

            assertThat(replies.values()).hasSize(2);
            kit.awaitThat("all say so", () -> models(pool).equals(List.of("some/model", "some/model")));
        }

        private static List<String> models(PythonPool pool) {
            try {
                return Programs.ping(pool).await(Duration.ofSeconds(Scripts.LIMIT_S)).values().values().stream()
                        .map(ProgramsWorker::model)
                        .toList();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        @VivariumTest
        void isAskedWithDspyAlsoByAReplacement(TestPool kit, @TempDir Path folder) throws Exception {
            PythonPool pool = started(kit, List.of(dspy(folder)));
            PythonSession session = pool.session("s");
            configured(pool, new LanguageModel("known/model"));
            of(Programs.of(session).create(ProgramSpec.of("p", "x -> answer")));

            killAll(kit);

            ProgramAnswer answer = of(Programs.of(session).execute("p", Map.of("x", "1")));
            assertThat(answer.text("answer")).isEqualTo("known/model of x: str -> answer: str");
            assertThat(answer.backend().name()).isEqualTo("dspy");
            assertThat(answer.backend().deterministic()).isFalse();
        }

        @VivariumTest
        void thatDspyRefusesIsNotSet(TestPool kit, @TempDir Path folder) throws Exception {
            PythonPool pool = started(kit, List.of(dspy(folder)));
            configured(pool, new LanguageModel("known/model"));

            ExecutionException refused = catchThrowableOfType(
                    ExecutionException.class, () -> configured(pool, new LanguageModel("unknown")));

            assertThat(refused.getCause())
                    .isInstanceOf(PythonException.class)
                    .hasMessageContaining("dspy refused the language model 'unknown': ValueError");
            assertThat(models(pool)).containsExactly("known/model", "known/model");
        }

        @Test
        void doesNotShowItsOptions() {
            assertThat(new LanguageModel("m").option("api_key", "secret"))
                    .hasToString("LanguageModel[name=m, options=[api_key]]");
        }
    }

    @Nested
    class AShutdown {

        @VivariumTest(expectWarnings = {"status 0", "exited"})
        void endsItsWorkerAndThePoolStartsAnother(TestPool kit) throws Exception {
            PythonPool pool = started(kit);

            WorkerCrashed crashed =
                    catchThrowableOfType(WorkerCrashed.class, () -> of(pool.call("programs.shutdown", Void.class)));

            assertThat(crashed.exit().cause()).isEqualTo(TransitionCause.EXITED);
            PoolEvent.WorkerTransitioned again = kit.events()
                    .await("another", PoolEvent.WorkerTransitioned.class, event -> event.incarnation() == 2);
            assertThat(again.worker()).isEqualTo(crashed.exit().worker());
        }
    }
}
