package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.management.ThreadMXBean;
import dev.vivarium.ArgumentsNotEncodable;
import dev.vivarium.PendingCall;
import dev.vivarium.PoolEvent;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonException;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.SharedMemoryExhausted;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.protocol.DType;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.Tensor;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.junit5.VivariumTest;
import dev.vivarium.testkit.junit5.VivariumTest.Readiness;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** Bytes and arrays with real processes: what handlers keep, what dies with a worker, and memory that is not there. */
@VivariumTest(
        layers = Layer.PYTHON,
        workers = 1,
        handlers = "/handlers/attachments.py",
        options = "connect-timeout = 60s")
class AttachmentTest {

    private static final int LARGE = 100_000;

    private static byte[] bytes(int size, int fill) {
        byte[] bytes = new byte[size];
        Arrays.fill(bytes, (byte) fill);
        return bytes;
    }

    /** Returns the folders of segments of a pool, in the folder for shared memory. */
    private static List<Path> folders(TestPool kit, Path shared) throws IOException {
        Path home = shared.resolve("vivarium-" + System.getProperty("user.name", "user"));
        try (Stream<Path> all = Files.exists(home) ? Files.list(home) : Stream.empty()) {
            return all.filter(folder -> folder.getFileName().toString().startsWith(kit.name() + "-segments-"))
                    .toList();
        }
    }

    /** Returns a folder's segments, which have numbers for names. */
    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().matches("\\d+"))
                    .toList();
        }
    }

    @Nested
    class ACall {

        @VivariumTest
        void bringsWhatTheArgumentsHeldWhenItWasMade(TestPool kit) throws Exception {
            byte[] sent = bytes(LARGE, 1);

            PendingCall<byte[]> call = kit.pool().call("same", byte[].class, sent);
            Arrays.fill(sent, (byte) 2);

            assertThat(call.await()).isEqualTo(bytes(LARGE, 1));
        }

        @VivariumTest
        void givesTheHandlerAViewThatItCannotWriteTo(TestPool kit) throws Exception {
            for (int size : new int[] {10, LARGE}) {
                JsonNode kind =
                        kit.pool().call("kind", JsonNode.class, bytes(size, 1)).await();

                assertThat(kind.toString()).isEqualTo("[\"memoryview\",true]");
            }
        }

        @VivariumTest
        void bringsANewResultBack(TestPool kit) throws Exception {
            for (int size : new int[] {10, LARGE, 3 << 20, 20 << 20, LARGE}) {
                assertThat(kit.pool().call("fresh", byte[].class, size, 7).await())
                        .isEqualTo(bytes(size, 7));
            }
        }

        @VivariumTest
        void mayBeAnsweredWhileTheResultBeforeHasNotBeenRead(TestPool kit) throws Exception {
            List<PendingCall<byte[]>> calls =
                    kit.synchronize(20, i -> kit.pool().call("fresh", byte[].class, LARGE, i));

            for (int i = 0; i < calls.size(); i++) {
                assertThat(calls.get(i).await()).isEqualTo(bytes(LARGE, i));
            }
        }
    }

    @Nested
    class WhatAHandlerKeeps {

        @VivariumTest
        void isNeverAnotherCallsData(TestPool kit) throws Exception {
            for (int i = 1; i <= 3; i++) {
                kit.pool().call("keep", Integer.class, bytes(LARGE, i)).await();
            }

            List<?> kept = kit.pool().call("what_was_kept", List.class).await();

            assertThat(kept).hasSize(3);
            for (int i = 0; i < 3; i++) {
                assertThat(kept.get(i)).isEqualTo(bytes(10, i + 1));
            }
        }

        @VivariumTest
        void isItsOwnAlsoWhenItRaises(TestPool kit) throws Exception {
            PythonException raised = catchThrowableOfType(
                    PythonException.class,
                    () -> kit.pool()
                            .call("keep_and_raise", Object.class, bytes(LARGE, 1))
                            .await());
            kit.pool().call("size", Integer.class, bytes(LARGE, 2)).await();

            List<?> kept = kit.pool().call("what_was_kept", List.class).await();

            assertThat(raised).hasMessageContaining("100000 bytes");
            assertThat((byte[]) kept.get(0)).isEqualTo(bytes(LARGE, 1));
        }

        @VivariumTest
        void isThereInAForkedChild(TestPool kit) throws Exception {
            assertThat(kit.pool()
                            .call("in_a_child", byte[].class, bytes(LARGE, 5))
                            .await())
                    .containsExactly(5);
            assertThat(kit.pool().call("same", byte[].class, bytes(LARGE, 6)).await())
                    .isEqualTo(bytes(LARGE, 6));
        }
    }

    @Nested
    class AWorkerThatDies {

        @VivariumTest(expectWarnings = "crashed with SIG")
        void withWhatItWasSentLeavesItToTheNext(TestPool kit) throws Exception {
            for (int i = 0; i < 3; i++) {
                PendingCall<Object> call = kit.pool().call("die_with", Object.class, bytes(LARGE, i));
                assertThat(catchThrowableOfType(WorkerCrashed.class, call::await))
                        .isNotNull();
            }
            kit.pool().call("fresh", byte[].class, LARGE, 1).await();
            long pid = kit.worker(1).pid();
            kit.worker(1).kill();
            kit.events()
                    .await(
                            "the end of " + pid,
                            PoolEvent.WorkerExited.class,
                            ended -> ended.exit().pid() == pid);

            assertThat(kit.pool().call("fresh", byte[].class, LARGE, 2).await()).isEqualTo(bytes(LARGE, 2));
            for (Path folder : folders(kit, Path.of("/dev/shm"))) {
                // One for calls and one for results, however many processes have had them.
                assertThat(files(folder)).hasSizeLessThanOrEqualTo(2);
            }
            kit.expectWarning("was killed from outside");
        }
    }

    @Nested
    class SharedMemoryThatIsNotThere {

        @VivariumTest(readiness = Readiness.NOT_STARTED)
        void isMadeInTheRuntimeDirectory(TestPool kit, @TempDir Path none) throws Exception {
            kit.start(settings -> settings.attachments(policy -> policy.sharedFolder(none.resolve("none"))))
                    .ensureReady();

            assertThat(kit.pool().call("same", byte[].class, bytes(LARGE, 3)).await())
                    .isEqualTo(bytes(LARGE, 3));
            assertThat(folders(kit, kit.runtimeDirectory()))
                    .singleElement()
                    .satisfies(folder -> assertThat(files(folder)).hasSize(1));
        }

        @VivariumTest(options = "attachments.max-shared-bytes = 0")
        void isDoneWithoutWhereItIsNotWanted(TestPool kit) throws Exception {
            assertThat(kit.pool().call("same", byte[].class, bytes(LARGE, 3)).await())
                    .isEqualTo(bytes(LARGE, 3));
            assertThat(folders(kit, Path.of("/dev/shm"))).isEmpty();
        }

        @VivariumTest(options = "attachments.max-shared-bytes = 128 KiB")
        void isATypedErrorOfTheCallAndOfNothingElse(TestPool kit) throws Exception {
            SharedMemoryExhausted arguments = catchThrowableOfType(
                    SharedMemoryExhausted.class,
                    () -> kit.pool()
                            .call("same", byte[].class, bytes(200_000, 3))
                            .await());
            SharedMemoryExhausted result = catchThrowableOfType(
                    SharedMemoryExhausted.class,
                    () -> kit.pool().call("fresh", byte[].class, 200_000, 3).await());

            assertThat(arguments.execution()).isEqualTo(Execution.NOT_STARTED);
            assertThat(result.execution()).isEqualTo(Execution.RAN);
            for (SharedMemoryExhausted error : List.of(arguments, result)) {
                assertThat(error).hasMessageContaining("attachments.max-shared-bytes is 131072");
                assertThat(error.wanted()).isBetween(200_000L, 200_200L);
                assertThat(error.limit()).isEqualTo(128 << 10);
            }
            assertThat(kit.pool().call("fresh", byte[].class, 20_000, 4).await())
                    .isEqualTo(bytes(20_000, 4));
            assertThat(kit.events().all()).noneMatch(event -> event.toString().contains("exit"));
        }
    }

    @Nested
    class Limits {

        @VivariumTest(options = "attachments.max-bytes = 50 KiB")
        void ofAResultAreNamed(TestPool kit) throws Exception {
            ResultNotDecodable error = catchThrowableOfType(
                    ResultNotDecodable.class,
                    () -> kit.pool().call("fresh", byte[].class, 51_201, 3).await());

            assertThat(error)
                    .hasMessageContaining("attachments.max-bytes is 51200")
                    .hasMessageContaining("51201");
            assertThat(kit.pool().call("fresh", byte[].class, 51_200, 3).await())
                    .hasSize(51_200);
        }

        @VivariumTest
        void ofWhatCanBeKeptForLaterAreTold(TestPool kit) throws Exception {
            ExecutionException failure = catchThrowableOfType(
                    ExecutionException.class,
                    () -> kit.pool()
                            .configure("s", PythonCall.to("size").args(bytes(3, 1)))
                            .toCompletableFuture()
                            .get());

            assertThat(failure).hasCauseInstanceOf(ArgumentsNotEncodable.class).hasMessageContaining("setting 's'");
        }
    }

    @Nested
    class AQuarterOfAGibibyte {

        @VivariumTest
        void takesNoHeapInEitherDirection(TestPool kit) throws Exception {
            ByteBuffer sent = ByteBuffer.allocateDirect(256 << 20);
            sent.put(123_456_789, (byte) 7);
            Tensor tensor = new Tensor(DType.UINT8, List.of(256L << 20), sent);
            kit.pool().call("size", Integer.class, Tensor.of(new float[10])).await();
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());

            ByteBuffer back =
                    kit.pool().call("same", Tensor.class, tensor).await().buffer();

            long allocated =
                    threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
            assertThat(back.get(123_456_789)).isEqualTo((byte) 7);
            assertThat(back.remaining()).isEqualTo(256 << 20);
            // This thread has staged the call and copied the result; others have seen a few hundred bytes of it.
            assertThat(allocated).isLessThan(2 << 20);
        }
    }
}
