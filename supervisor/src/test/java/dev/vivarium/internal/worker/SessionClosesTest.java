package dev.vivarium.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.internal.core.SlotState;
import dev.vivarium.internal.core.SlotState.Service;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How a worker is told which sessions it shall let go. */
class SessionClosesTest {

    private static final SlotState IDLE = new SlotState.Ready(1, 0, new Service(0, 0, null), false);
    private static final SlotState STARTING = new SlotState.Starting(1, 0, true);

    private final List<Object> told = new ArrayList<>();
    private final WorkerDriver driver = (WorkerDriver) Proxy.newProxyInstance(
            WorkerDriver.class.getClassLoader(), new Class<?>[] {WorkerDriver.class}, (proxy, method, given) -> {
                told.add(given[0]);
                return null;
            });
    private final SessionCloses closes = new SessionCloses();

    @Test
    void anIdleWorkerIsToldAtOnceAndAStartingOneWhenItHasAnswered() {
        closes.add(new WorkerSlot.CloseSession(1, "a"), IDLE, driver);
        assertThat(told).containsExactly("a");

        closes.add(new WorkerSlot.CloseSession(1, "b"), STARTING, driver);
        assertThat(told).containsExactly("a");
        closes.answered(IDLE, driver);
        assertThat(told).containsExactly("a", "b");
    }

    @Test
    void oneThatDoesNotReadIsToldOfFewSoThatNobodyWaitsForIt() {
        for (int i = 0; i < 700; i++) {
            closes.add(new WorkerSlot.CloseSession(1, "s" + i), IDLE, driver);
        }
        assertThat(told).hasSize(32);

        closes.answered(IDLE, driver);
        assertThat(told).hasSize(64).last().isEqualTo("s63");
    }

    @Test
    void anotherIncarnationIsNotTold() {
        closes.add(new WorkerSlot.CloseSession(2, "a"), IDLE, driver);

        assertThat(told).isEmpty();
    }
}
