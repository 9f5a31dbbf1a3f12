package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestPoolSpecTest {

    private static int workers(TestPoolSpec spec) {
        return spec.config().name("p").handlers("h").build().sizing().workers();
    }

    @Test
    void hasTwoWorkersUnlessItIsToldOtherwise() {
        assertThat(workers(TestPoolSpec.of(Layer.FAKE))).isEqualTo(2);
    }

    @Test
    void takesTheNumberOfWorkersFromOptionsAndRatherFromItsOwnSetting() {
        TestPoolSpec configured = TestPoolSpec.of(Layer.FAKE).options("workers = 5");

        assertThat(workers(configured)).isEqualTo(5);
        assertThat(workers(configured.workers(3))).isEqualTo(3);
    }

    @Test
    void refusesToHaveNoWorkers() {
        assertThatThrownBy(() -> TestPoolSpec.of(Layer.FAKE).workers(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("workers must be 1 or more, got 0");
    }

    @ParameterizedTest
    @CsvSource({"name = mine", "'handlers = [\"h.py\"]'", "runtime-directory = /tmp"})
    void refusesOptionsThatAreTheKitsOwn(String option) {
        TestPoolSpec spec = TestPoolSpec.of(Layer.FAKE).options(option);

        assertThatThrownBy(spec::config)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is the kit's own");
    }
}
