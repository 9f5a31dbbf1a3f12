package dev.vivarium.testkit.junit5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.ArgumentsNotEncodable;
import dev.vivarium.PythonCall;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestData;
import dev.vivarium.testkit.TestPool;
import org.junit.jupiter.api.Nested;

/** Whatever JSON can say goes to a worker and comes back as it was, on every layer. */
@VivariumTest(
        workers = 1,
        layers = {Layer.FAKE, Layer.SCRIPTED, Layer.PYTHON})
class PayloadBehaviourTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static JsonNode sent(Object value) throws Exception {
        return JSON.readTree(JSON.writeValueAsBytes(value));
    }

    @Nested
    class AValue {

        @VivariumTest
        void comesBackAsItIsWhateverItIs(TestPool kit) throws Exception {
            TestData data = TestData.of(kit);
            for (int i = 0; i < 100; i++) {
                Object value = data.value();

                JsonNode back = kit.pool().call("echo", JsonNode.class, value).await();

                assertThat(back).isEqualTo(sent(value));
            }
        }

        @VivariumTest
        void comesBackAsItIsAtEveryEdge(TestPool kit) throws Exception {
            for (TestData.EdgeCase edge : TestData.edgeCases()) {
                JsonNode back =
                        kit.pool().call("echo", JsonNode.class, edge.value()).await();

                assertThat(back).as(edge.name()).isEqualTo(sent(edge.value()));
            }
        }
    }

    @Nested
    class ABody {

        private static final int LIMIT = 64 << 10;

        @VivariumTest(options = "max-body-bytes = 64 KiB")
        void ofExactlyTheLimitPassesAndOneByteMoreIsRefused(TestPool kit) throws Exception {
            TestData data = TestData.of(kit);
            PythonCall<String> largest = data.ofBodySize("echo", LIMIT);
            PythonCall<String> tooLarge = data.ofBodySize("echo", LIMIT + 1);

            assertThat(kit.pool().call(largest).await())
                    .isEqualTo(largest.positional().get(0));
            assertThatThrownBy(() -> kit.pool().call(tooLarge).await())
                    .isInstanceOf(ArgumentsNotEncodable.class)
                    .hasMessageContaining("take " + (LIMIT + 1) + " bytes; maxBodyBytes is " + LIMIT);
        }
    }
}
