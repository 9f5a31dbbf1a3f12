package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.PythonCall;
import dev.vivarium.protocol.JsonCodec;
import dev.vivarium.protocol.Limits;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the generator of values draws. */
class TestDataTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static List<@Nullable Object> values(long seed, int count) {
        TestData data = TestData.seeded(seed);
        List<@Nullable Object> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add(data.value());
        }
        return values;
    }

    private static int size(@Nullable Object value) {
        if (value instanceof List<?> items) {
            return 1 + items.stream().mapToInt(TestDataTest::size).sum();
        }
        return value instanceof Map<?, ?> members
                ? 1 + members.values().stream().mapToInt(TestDataTest::size).sum()
                : 1;
    }

    private static int depth(@Nullable Object value) {
        Stream<?> inner = value instanceof List<?> items
                ? items.stream()
                : value instanceof Map<?, ?> members ? members.values().stream() : Stream.empty();
        return 1 + inner.mapToInt(TestDataTest::depth).max().orElse(0);
    }

    @Nested
    class AValue {

        @Test
        void isTheSameForTheSameSeed() {
            assertThat(values(7, 50)).isEqualTo(values(7, 50)).isNotEqualTo(values(8, 50));
        }

        @Test
        void isOfEveryKindNowAndThen() {
            Set<String> kinds = new HashSet<>();
            values(1, 200)
                    .forEach(value ->
                            kinds.add(JSON.valueToTree(value).getNodeType().name()));

            assertThat(kinds).containsExactlyInAnyOrder("NULL", "BOOLEAN", "NUMBER", "STRING", "OBJECT", "ARRAY");
        }

        @Test
        void isNoLargerAndDeeperThanItMayBe() {
            List<@Nullable Object> values = values(1, 2_000);

            assertThat(values).anyMatch(value -> size(value) > 30);
            assertThat(values).allSatisfy(value -> {
                assertThat(size(value)).isLessThanOrEqualTo(TestData.MAX_VALUES);
                assertThat(depth(value)).isLessThanOrEqualTo(TestData.MAX_DEPTH);
            });
        }

        @Test
        void isWhatItWasAfterItsWayThroughJson() throws Exception {
            for (Object value : values(3, 500)) {
                JsonNode there = JSON.readTree(JSON.writeValueAsBytes(value));

                assertThat(JSON.readTree(JSON.writeValueAsBytes(there))).isEqualTo(there);
            }
        }
    }

    @Nested
    class AText {

        @ParameterizedTest
        @ValueSource(ints = {0, 1, 39, 5_000})
        void hasSoManyCharacters(int characters) {
            String text = TestData.seeded(5).text(characters);

            assertThat(text.codePointCount(0, text.length())).isEqualTo(characters);
        }

        @Test
        void survivesItsEncoding() {
            String text = TestData.seeded(5).text(5_000);

            assertThat(new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8))
                    .isEqualTo(text);
            assertThat(text.chars())
                    .anyMatch(character -> character < ' ')
                    .anyMatch(character -> Character.isSurrogate((char) character.intValue()));
        }
    }

    @Nested
    class ABody {

        private int encoded(PythonCall<?> call) throws Exception {
            return new JsonCodec(JSON, Limits.DEFAULTS)
                    .encodeCall(call.handler(), call.positional(), call.keywords(), new ArrayList<>())
                    .length;
        }

        @ParameterizedTest
        @ValueSource(ints = {16, 17, 1024, 1025, 70_001})
        void isOfExactlySoManyBytes(int bytes) throws Exception {
            assertThat(encoded(TestData.seeded(1).ofBodySize("echo", bytes))).isEqualTo(bytes);
        }

        @Test
        void cannotBeSmallerThanThatOfAnEmptyText() {
            assertThatThrownBy(() -> TestData.seeded(1).ofBodySize("echo", 15))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("bytes must be at least 16 for a call of 'echo' with a text, got 15");
        }
    }

    static List<TestData.EdgeCase> edgeCases() {
        return TestData.edgeCases();
    }

    @ParameterizedTest
    @MethodSource("edgeCases")
    void anEdgeCaseIsWhatItWasAfterItsWayThroughJson(TestData.EdgeCase edge) throws Exception {
        JsonNode there = JSON.readTree(JSON.writeValueAsBytes(edge.value()));

        assertThat(JSON.readTree(JSON.writeValueAsBytes(there))).isEqualTo(there);
    }

    @Test
    void edgeCasesHaveNamesOfTheirOwn() {
        assertThat(TestData.edgeCases())
                .extracting(TestData.EdgeCase::toString)
                .doesNotHaveDuplicates()
                .hasSizeGreaterThan(30);
    }

    @Test
    void whatIsNestedOrWideIsSoExactly() {
        assertThat(depth(TestData.nested(1))).isEqualTo(1);
        assertThat(depth(TestData.nested(200))).isEqualTo(200);
        assertThat(TestData.wide(3))
                .containsExactly(Map.entry("member 0", 0), Map.entry("member 1", 1), Map.entry("member 2", 2));
    }

    @Test
    void oneOfSeveralIsEachOfThemNowAndThen() {
        TestData data = TestData.seeded(2);

        assertThat(IntStream.range(0, 100).mapToObj(i -> data.oneOf(List.of("a", "b", "c"))))
                .containsOnly("a", "b", "c")
                .contains("a", "b", "c");
    }
}
