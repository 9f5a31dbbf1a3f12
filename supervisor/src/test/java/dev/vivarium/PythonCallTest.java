package dev.vivarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PythonCallTest {

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
