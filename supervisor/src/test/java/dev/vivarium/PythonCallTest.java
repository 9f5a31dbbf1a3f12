package dev.vivarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.protocol.RawJson;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The description of a call. */
class PythonCallTest {

    @Test
    void keywordsAsAMapTakeThePlaceOfThePresentOnesInTheMapsOrder() {
        // Given
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        values.put("z", 1);
        values.put("a", null);
        PythonCall<?> before = PythonCall.to("f").keyword("old", 0);

        // When
        PythonCall<?> call = before.keywords(values);
        values.put("later", 2);

        // Then
        assertThat(call.keywords().keySet()).containsExactly("z", "a");
        assertThat(call.keywords()).containsEntry("z", 1).containsEntry("a", null);
        assertThat(call.keyword("more", 3).keywords().keySet()).containsExactly("z", "a", "more");
        assertThat(before.keywords()).containsOnlyKeys("old");
    }

    @Test
    void keywordsAsAMapTakeThePlaceOfKeywordsAsJsonAndTheOtherWayRound() {
        // Given
        PythonCall<?> json = PythonCall.to("f").keywordsJson(RawJson.of("{}"));

        // When
        PythonCall<?> call = json.keywords(Map.of("a", 1));

        // Then
        assertThat(call.rawKeywords()).isEmpty();
        assertThat(call.keywords()).containsOnlyKeys("a");
        assertThat(call.keywordsJson(RawJson.of("{}")).keywords()).isEmpty();
    }

    @Test
    void keywordsHaveNames() {
        // Given
        Map<@Nullable String, Object> nameless = new LinkedHashMap<>();
        Arrays.asList("a", null).forEach(name -> nameless.put(name, 1));

        // Then
        assertThatThrownBy(() -> PythonCall.to("f").keywords(nameless)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void hasALimitToItsTimeLimit() {
        assertThatThrownBy(() -> PythonCall.to("echo").timeout(Duration.ofDays(31)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at most PT720H, got PT744H");
    }

    @Test
    void printsNoArgumentsAndNoSecrets() {
        assertThat(PythonCall.to("echo").args("sesame").keyword("k", "sesame").toString())
                .doesNotContain("sesame");
        assertThat(PoolConfig.builder()
                        .handlers("a.py")
                        .environment("KEY", "sesame")
                        .build()
                        .toString())
                .doesNotContain("sesame");
    }
}
