package dev.vivarium.testkit.junit5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.vivarium.ArgumentsNotEncodable;
import dev.vivarium.CallCancelled;
import dev.vivarium.CallOutcome;
import dev.vivarium.CallTimedOut;
import dev.vivarium.PendingCall;
import dev.vivarium.PythonCall;
import dev.vivarium.ResultNotDecodable;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerReplies;
import dev.vivarium.protocol.DType;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.Tensor;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Nested;

/** Bytes and arrays beside the JSON, on every layer alike; large ones go through shared memory where processes are real. */
@VivariumTest(layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON})
class AttachmentBehaviourTest {

    /** Far over the size from which on shared memory is used. */
    private static final int LARGE = 300_000;

    private static byte[] bytes(int size, int seed) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (i * 31 + seed);
        }
        return bytes;
    }

    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record Picture(String name, byte[] pixels, float[] weights) {}

    @Nested
    class Bytes {

        @VivariumTest
        void comeBackAsTheyWere(TestPool kit) throws Exception {
            for (int size : new int[] {0, 1, 1000, LARGE}) {
                byte[] sent = bytes(size, 7);

                assertThat(kit.pool().call("echo", byte[].class, sent).await()).isEqualTo(sent);
            }
        }

        @VivariumTest
        void areThoseBetweenABuffersPositionAndLimit(TestPool kit) throws Exception {
            ByteBuffer direct = ByteBuffer.allocateDirect(LARGE + 20).put(bytes(LARGE + 20, 3));
            direct.position(10).limit(LARGE + 10);

            ByteBuffer back = kit.pool().call("echo", ByteBuffer.class, direct).await();

            assertThat(back).isEqualTo(direct);
            assertThat(direct.position()).isEqualTo(10);
        }

        @VivariumTest
        void areTextWhereTheCallerWantsText(TestPool kit) throws Exception {
            byte[] sent = "hello".getBytes(StandardCharsets.UTF_8);

            assertThat(kit.pool().call("echo", String.class, sent).await()).isEqualTo("aGVsbG8=");
        }

        @VivariumTest
        void goIntoABufferOfTheCallers(TestPool kit) throws Exception {
            ByteBuffer destination = ByteBuffer.allocate(LARGE + 5).position(5);
            byte[] sent = bytes(LARGE, 2);

            ByteBuffer filled = kit.pool()
                    .call(PythonCall.to("echo").args(sent).returningInto(destination))
                    .await();

            assertThat(filled).isSameAs(destination).isEqualTo(ByteBuffer.wrap(sent));
        }

        @VivariumTest
        void thatDoNotFitIntoItAreAnErrorWithBothSizes(TestPool kit) {
            PythonCall<ByteBuffer> call =
                    PythonCall.to("echo").args(bytes(100, 2)).returningInto(ByteBuffer.allocate(99));

            ResultNotDecodable error = catchThrowableOfType(
                    ResultNotDecodable.class, () -> kit.pool().call(call).await());

            assertThat(error).hasMessageContaining("100").hasMessageContaining("99");
        }
    }

    @Nested
    class ArraysOfNumbers {

        @VivariumTest
        void ofEveryPrimitiveTypeComeBack(TestPool kit) throws Exception {
            assertThat(kit.pool()
                            .call("echo", float[].class, new float[] {1.5f, Float.NaN, -0f})
                            .await())
                    .isEqualTo(new float[] {1.5f, Float.NaN, -0f});
            assertThat(kit.pool()
                            .call("echo", double[].class, new double[] {Math.PI})
                            .await())
                    .isEqualTo(new double[] {Math.PI});
            assertThat(kit.pool()
                            .call("echo", int[].class, new int[] {Integer.MIN_VALUE})
                            .await())
                    .isEqualTo(new int[] {Integer.MIN_VALUE});
            assertThat(kit.pool()
                            .call("echo", long[].class, new long[] {Long.MAX_VALUE})
                            .await())
                    .isEqualTo(new long[] {Long.MAX_VALUE});
            assertThat(kit.pool().call("echo", short[].class, new short[] {-2}).await())
                    .isEqualTo(new short[] {-2});
            assertThat(kit.pool()
                            .call("echo", boolean[].class, new boolean[] {true, false})
                            .await())
                    .isEqualTo(new boolean[] {true, false});
        }

        @VivariumTest
        void keepTheirShape(TestPool kit) throws Exception {
            float[] values = new float[LARGE];
            values[LARGE - 1] = 2.5f;

            Tensor back = kit.pool()
                    .call("echo", Tensor.class, Tensor.of(values, 3, LARGE / 3))
                    .await();

            assertThat(back.dtype()).isEqualTo(DType.FLOAT32);
            assertThat(back.shape()).containsExactly(3L, LARGE / 3L);
            assertThat(back.toFloats()).isEqualTo(values);
        }

        @VivariumTest
        void mayBeEmptyOrOfNoDimension(TestPool kit) throws Exception {
            Tensor scalar =
                    new Tensor(DType.INT64, List.of(), ByteBuffer.allocate(8).putLong(0, 5));
            Tensor empty = new Tensor(DType.UINT8, List.of(0L, 4L), ByteBuffer.allocate(0));

            assertThat(kit.pool().call("echo", Tensor.class, scalar).await().toLongs())
                    .containsExactly(5);
            assertThat(kit.pool().call("echo", Tensor.class, empty).await().shape())
                    .containsExactly(0L, 4L);
            assertThat(kit.pool().call("echo", float[].class, new float[0]).await())
                    .isEmpty();
        }

        @VivariumTest
        void areReadInTheOrderOfTheirBuffer(TestPool kit) throws Exception {
            ByteBuffer big =
                    ByteBuffer.allocate(8).order(ByteOrder.BIG_ENDIAN).putInt(1).putInt(-2);

            Tensor back = kit.pool()
                    .call("echo", Tensor.class, new Tensor(DType.INT32, List.of(2L), big.flip()))
                    .await();

            assertThat(back.toInts()).containsExactly(1, -2);
        }

        @VivariumTest
        void ofAnotherTypeOrShapeThanTheCallerWantsAreAnErrorThatNamesBoth(TestPool kit) {
            ResultNotDecodable type = catchThrowableOfType(
                    ResultNotDecodable.class,
                    () -> kit.pool().call("echo", float[].class, new double[3]).await());
            ResultNotDecodable shape = catchThrowableOfType(
                    ResultNotDecodable.class,
                    () -> kit.pool()
                            .call("echo", int[].class, Tensor.of(new int[4], 2, 2))
                            .await());

            assertThat(type).hasMessageContaining("float64").hasMessageContaining("float[]");
            assertThat(shape).hasMessageContaining("[2, 2]").hasMessageContaining("int[]");
            assertThat(shape.execution()).isEqualTo(Execution.RAN);
        }
    }

    @Nested
    class WithinOtherValues {

        @VivariumTest
        void theyComeBackInMaps(TestPool kit) throws Exception {
            Map<String, Object> sent = Map.of(
                    "large", bytes(LARGE, 1), "small", bytes(3, 2), "list", List.of(Tensor.of(new int[] {1, 2}, 2, 1)));

            Map<String, Object> back = kit.pool()
                    .call(PythonCall.to("echo").args(sent).returning(new TypeReference<Map<String, Object>>() {}))
                    .await();

            assertThat(back.get("large")).isEqualTo(bytes(LARGE, 1));
            assertThat(back.get("small")).isEqualTo(bytes(3, 2));
            assertThat(back.get("list"))
                    .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST)
                    .containsExactly(Tensor.of(new int[] {1, 2}, 2, 1));
        }

        @VivariumTest
        void theyComeBackInRecords(TestPool kit) throws Exception {
            Picture sent = new Picture("p", bytes(LARGE, 5), new float[] {0.5f});

            Picture back = kit.pool().call("echo", Picture.class, sent).await();

            assertThat(back.name()).isEqualTo("p");
            assertThat(back.pixels()).isEqualTo(sent.pixels());
            assertThat(back.weights()).isEqualTo(sent.weights());
        }

        @VivariumTest
        void theKeyOfPlaceholdersIsRefusedBesideThemAndFreeWithoutThem(TestPool kit) throws Exception {
            Map<String, Object> free = Map.of("$attachment", List.of(0));

            assertThat(kit.pool().call("echo", Object.class, free).await()).isEqualTo(free);
            ArgumentsNotEncodable refused = catchThrowableOfType(
                    ArgumentsNotEncodable.class,
                    () -> kit.pool()
                            .call(PythonCall.to("echo").args(free).keyword("b", bytes(1, 1)))
                            .await());
            assertThat(refused).hasMessageContaining("$attachment");
        }
    }

    @Nested
    class Limits {

        @VivariumTest(options = "attachments.max-bytes = 1 KiB")
        void ofACallAreNamedAndHarmNothingElse(TestPool kit) throws Exception {
            ArgumentsNotEncodable error = catchThrowableOfType(
                    ArgumentsNotEncodable.class,
                    () -> kit.pool().call("echo", byte[].class, bytes(1025, 1)).await());

            assertThat(error).hasMessageContaining("1025").hasMessageContaining("attachments.max-bytes is 1024");
            assertThat(kit.pool().call("echo", byte[].class, bytes(1024, 1)).await())
                    .hasSize(1024);
        }
    }

    @Nested
    class ACall {

        @VivariumTest(workers = 1)
        void thatIsCancelledLeavesTheNextOnesDataAlone(TestPool kit) throws Exception {
            PendingCall<byte[]> held = kit.pool().call("held", byte[].class, "gate", bytes(LARGE, 1));
            kit.awaitStarted(held);

            held.cancel();
            kit.open("gate");

            assertThat(catchThrowableOfType(CallCancelled.class, held::await)).isNotNull();
            for (int i = 0; i < 5; i++) {
                assertThat(kit.pool()
                                .call("echo", byte[].class, bytes(LARGE, i))
                                .await())
                        .isEqualTo(bytes(LARGE, i));
            }
        }

        @VivariumTest(workers = 1)
        void thatIsTooLateLeavesTheNextOnesDataAlone(TestPool kit) throws Exception {
            PendingCall<byte[]> hung = kit.pool()
                    .call(PythonCall.to("slow")
                            .args(null, bytes(LARGE, 1))
                            .returning(byte[].class)
                            .timeout(Duration.ofMillis(200)));
            kit.awaitStarted(hung);

            assertThat(catchThrowableOfType(CallTimedOut.class, () -> kit.outcome(hung)))
                    .isNotNull();

            assertThat(kit.outcome(kit.pool().call("echo", byte[].class, bytes(LARGE, 9))))
                    .isEqualTo(bytes(LARGE, 9));
        }

        @VivariumTest(workers = 1, expectWarnings = "was killed from outside")
        void whoseWorkerIsKilledIsSentAgainWithTheSame(TestPool kit) throws Exception {
            PendingCall<byte[]> held = kit.pool()
                    .call(PythonCall.to("held")
                            .args("gate", bytes(LARGE, 4))
                            .returning(byte[].class)
                            .retrySafe());
            kit.awaitStarted(held);

            kit.worker(1).kill();
            kit.events().awaitExit();
            kit.open("gate");

            assertThat(kit.outcome(held)).isEqualTo(bytes(LARGE, 4));
            assertThat(held.attempts()).isEqualTo(2);
        }

        @VivariumTest(workers = 1, expectWarnings = "was killed from outside")
        void whoseWorkerIsKilledFailsAndTheNextOneWorks(TestPool kit) throws Exception {
            PendingCall<byte[]> held = kit.pool().call("held", byte[].class, "never", bytes(LARGE, 4));
            kit.awaitStarted(held);

            kit.worker(1).kill();

            assertThat(catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(held)))
                    .isNotNull();
            assertThat(kit.outcome(kit.pool().call("echo", byte[].class, bytes(LARGE, 6))))
                    .isEqualTo(bytes(LARGE, 6));
        }

        @VivariumTest(workers = 3)
        void toAllWorkersBringsEachTheSame(TestPool kit) throws Exception {
            byte[] sent = bytes(LARGE, 8);

            WorkerReplies<byte[]> replies = kit.pool()
                    .callAll(PythonCall.to("echo").args(sent).returning(byte[].class))
                    .await();

            assertThat(replies.outcomes()).hasSize(3);
            replies.outcomes()
                    .values()
                    .forEach(outcome -> assertThat(((CallOutcome.Succeeded<byte[]>) outcome).value())
                            .isEqualTo(sent));
        }

        @VivariumTest(workers = 2)
        void ofManyAtATimeGetsItsOwn(TestPool kit) throws Exception {
            List<PendingCall<byte[]>> calls =
                    kit.synchronize(16, i -> kit.pool().call("echo", byte[].class, bytes(LARGE + i, i)));

            for (int i = 0; i < calls.size(); i++) {
                assertThat(calls.get(i).await()).isEqualTo(bytes(LARGE + i, i));
            }
        }

        @VivariumTest
        void ofASessionCarriesThemToo(TestPool kit) throws Exception {
            for (int i = 0; i < 3; i++) {
                byte[] sent = bytes(LARGE, i);

                byte[] back =
                        kit.pool().session("s").call("echo", byte[].class, sent).await();

                assertThat(Objects.requireNonNull(back)).isEqualTo(sent);
            }
        }
    }
}
