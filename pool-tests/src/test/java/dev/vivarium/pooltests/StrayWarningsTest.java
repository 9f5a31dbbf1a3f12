package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.vivarium.testkit.StrayWarnings;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class StrayWarningsTest {

    private static Logger logger(String name) {
        return (Logger) LoggerFactory.getLogger(name);
    }

    @Test
    void refusesToListenToALoggerThatLeavesWarningsOut() {
        logger("quiet.of.warnings").setLevel(Level.ERROR);

        assertThatThrownBy(() -> StrayWarnings.gather(List.of("quiet.of.warnings.below")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "unexpected warnings would go unnoticed: logger quiet.of.warnings.below has level ERROR, and WARN"
                                + " is needed");
    }

    @Test
    void refusesToListenToALoggerThatPassesNothingOn() {
        logger("alone.with.warnings").setAdditive(false);

        assertThatThrownBy(() -> StrayWarnings.gather(List.of("alone.with.warnings")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is not additive");
    }

    @Test
    void listensToALoggerThatWarns() {
        logger("loud.with.warnings").setLevel(Level.WARN);

        assertThatCode(() -> StrayWarnings.gather(List.of("loud.with.warnings")).close())
                .doesNotThrowAnyException();
    }
}
