package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.PythonCall;
import dev.vivarium.protocol.RawJson;
import dev.vivarium.protocol.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Which values may be the answers of handlers that give back what they are given. */
class AnswersTest {

    private static PythonCall<JsonNode> call(String handler, @Nullable Object... arguments) {
        return PythonCall.to(handler).args(arguments);
    }

    private static RawJson raw(String json) {
        return RawJson.of(json);
    }

    @Nested
    class AValue {

        @Test
        void isTheArgumentThatTheHandlerGivesBack() {
            assertThat(Answers.mayBe(call("echo", "a", "b"), "a")).isTrue();
            assertThat(Answers.mayBe(call("echo", "a", "b"), "b")).isFalse();
            assertThat(Answers.mayBe(call("slow", "a", "b"), "b")).isTrue();
            assertThat(Answers.mayBe(call("slow", "a", "b"), "a")).isFalse();
            assertThat(Answers.mayBe(call("held", "a", "b"), "b")).isTrue();
            assertThat(Answers.mayBe(call("held", "a", "b"), "a")).isFalse();
        }

        @Test
        void isFoundAmongTheKeywordsToo() {
            PythonCall<JsonNode> call = PythonCall.to("held").args("gate").keyword("value", 3);

            assertThat(Answers.mayBe(call, 3)).isTrue();
            assertThat(Answers.mayBe(call, 4)).isFalse();
        }

        @Test
        void isFoundInKeywordsThatAreJson() {
            PythonCall<JsonNode> call = PythonCall.to("echo").keywordsJson(raw("{\"value\": [1, 2]}"));

            assertThat(Answers.mayBe(call, List.of(1, 2))).isTrue();
            assertThat(Answers.mayBe(call, List.of(2, 1))).isFalse();
            assertThat(Answers.mayBe(PythonCall.to("echo").keywordsJson(raw("{}")), 1))
                    .as("there is none")
                    .isTrue();
        }

        @Test
        void mayBeAnythingWhereThatCannotBeKnown() {
            assertThat(Answers.mayBe(call("price", "a"), "b")).isTrue();
            assertThat(Answers.mayBe(call("echo"), "b")).isTrue();
            assertThat(Answers.mayBe(call("echo", "a"), ByteBuffer.allocate(1))).isTrue();
            assertThat(Answers.mayBe(call("echo", new Object()), "b"))
                    .as("no JSON")
                    .isTrue();
        }

        @Test
        void isComparedAsJson() throws Exception {
            Map<String, Object> object = Map.of("a", List.of(1, 2.5), "b", "x");

            assertThat(Answers.mayBe(call("echo", object), new ObjectMapper().valueToTree(object)))
                    .isTrue();
            assertThat(Answers.mayBe(call("echo", object), raw("{\"b\": \"x\", \"a\": [1, 2.5]}")))
                    .isTrue();
            assertThat(Answers.mayBe(call("echo", object), raw("{\"b\": \"x\", \"a\": [1, 2.4]}")))
                    .isFalse();
            assertThat(Answers.mayBe(call("echo", (Object) null), null)).isTrue();
            assertThat(Answers.mayBe(call("echo", 1), null)).isFalse();
        }

        @Test
        void isReadAsTheCallerReadsIt() {
            assertThat(Answers.mayBe(call("echo", 3).returning(Double.class), 3.0))
                    .isTrue();
            assertThat(Answers.mayBe(call("echo", 3).returning(Double.class), 4.0))
                    .isFalse();
        }
    }

    @Nested
    class ATensor {

        private final Tensor tensor = Tensor.of(new float[] {1, 2}, 2);

        @Test
        void isOneWithTheSameElementsAndShape() {
            assertThat(Answers.mayBe(call("echo", tensor), Tensor.of(new float[] {1, 2}, 2)))
                    .isTrue();
            assertThat(Answers.mayBe(call("echo", tensor), Tensor.of(new float[] {1, 3}, 2)))
                    .isFalse();
            assertThat(Answers.mayBe(call("echo", tensor), Tensor.of(new float[] {1, 2}, 1, 2)))
                    .isFalse();
            assertThat(Answers.mayBe(call("echo", tensor), Tensor.of(new int[] {1, 2}, 2)))
                    .isFalse();
        }

        @Test
        void mayBeWhatBecomesOfAnArray() {
            assertThat(Answers.mayBe(call("echo", List.of(1, 2)), tensor)).isTrue();
        }
    }
}
