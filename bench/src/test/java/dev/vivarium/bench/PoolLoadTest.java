package dev.vivarium.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.bench.floor.Transport;
import dev.vivarium.bench.load.LoadPlan;
import dev.vivarium.bench.load.LoadReport;
import dev.vivarium.bench.load.Operation;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("processes")
class PoolLoadTest {

    private static final BenchSettings SETTINGS = new BenchSettings("python3", 1, 1, 20, Transport.SOCKET);

    @Test
    void makesEveryCallOfItsPlanAndSaysWhatBecameOfIt() throws Exception {
        LoadPlan plan = LoadPlan.ramp(0, 200, Duration.ofMillis(500))
                .then(LoadPlan.constant(200, Duration.ofMillis(500)))
                .mix(new Operation("echo", 8), new Operation("burn", 1), new Operation("bytes", 1));

        LoadOutcome outcome = PoolLoad.run(plan, 1, 1000, SETTINGS, state -> {});

        LoadReport load = outcome.load();
        assertThat(load.planned()).isEqualTo(150);
        assertThat(load.sum(LoadReport.Part::due)).isEqualTo(150);
        assertThat(load.sum(LoadReport.Part::ok)).isEqualTo(150);
        assertThat(outcome.text())
                .startsWith("vivarium bench load, ")
                .contains("150 due in ", "150 ok, 0 failed, 0 dropped, 0 unanswered", "constant 200/s, echo", "p99.9");
        JsonNode json = new ObjectMapper().readTree(outcome.json());
        assertThat(json.fieldNames())
                .toIterable()
                .contains("benchmark", "in_flight", "environment", "plan", "load", "notes");
        assertThat(json.get("load").get("parts").get(0).fieldNames())
                .toIterable()
                .containsExactly(
                        "phase",
                        "operation",
                        "due",
                        "ok",
                        "failed",
                        "dropped",
                        "unanswered",
                        "failures",
                        "latency",
                        "service",
                        "delay");
    }

    @Test
    void saysWhatWasDroppedAndThatFiguresAreTooGoodThen() throws Exception {
        LoadPlan plan = LoadPlan.constant(20_000, Duration.ofMillis(50)).mix(new Operation("bytes", 1));

        LoadOutcome outcome = PoolLoad.run(plan, 1, 2, SETTINGS, state -> {});

        assertThat(outcome.load().sum(LoadReport.Part::dropped)).isPositive();
        assertThat(outcome.notes()).anyMatch(note -> note.contains("too good"));
        assertThat(outcome.text()).contains("constant 20000/s, bytes: of 1000 due, 0 failed {}");
    }

    @Test
    void knowsItsOperations() {
        LoadPlan plan = LoadPlan.constant(1, Duration.ofSeconds(1)).mix(new Operation("dance", 1));

        assertThatThrownBy(() -> PoolLoad.check(plan))
                .hasMessage("no operation is named 'dance'; there are: echo, burn, bytes");
    }
}
