package dev.vivarium.internal.core.model;

import dev.vivarium.PoolConfig;
import dev.vivarium.PoolConfigBuilder;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The bounds of a pool model.
 *
 * @param name for reports
 * @param slots how many slots there are
 * @param start how far the slots are when the calls arrive
 * @param calls what is called
 * @param time how far time goes; deadlines beyond it never come
 * @param total how many adversities there are at most, of all kinds
 * @param most how many of a kind there are at most
 * @param recovery what the recovery decides by; null where a lost call is repeated by its own bounds alone, at once
 * @param prompt whether mail arrives and processes start and end at once, so that only what calls and the recovery do is
 *     interleaved
 */
record Scenario(
        String name,
        int slots,
        Start start,
        List<Call> calls,
        int time,
        int total,
        Map<Adversity, Integer> most,
        @Nullable PoolConfig recovery,
        boolean prompt) {

    /** How far the slots are when the calls arrive. */
    enum Start {
        /** No slot runs; the pool wants one when a call waits. */
        LAZY,
        /** All slots have been told to start. */
        COLD,
        /** All slots are ready. */
        WARM
    }

    /**
     * A call that is made.
     *
     * @param deadline the time at which it is over for its caller, from 1
     * @param handler the handler's name
     * @param arguments a number from 0; calls with the same number and handler are equal
     */
    record Call(boolean retrySafe, int maxRetries, int deadline, String handler, int arguments) {
        Call(boolean retrySafe, int maxRetries, int deadline) {
            this(retrySafe, maxRetries, deadline, "h", 0);
        }

        Call of(String other) {
            return new Call(retrySafe, maxRetries, deadline, other, arguments);
        }

        Call with(int number) {
            return new Call(retrySafe, maxRetries, deadline, handler, number);
        }

        byte[] body() {
            return (handler + ' ' + arguments).getBytes(StandardCharsets.UTF_8);
        }
    }

    /** Returns a scenario with a retry-safe call and one that is not, in a warm pool of two. */
    static Scenario named(String name) {
        return new Scenario(
                name, 2, Start.WARM, List.of(new Call(true, 1, 2), new Call(false, 1, 1)), 0, 0, Map.of(), null, false);
    }

    Scenario slots(int count) {
        return new Scenario(name, count, start, calls, time, total, most, recovery, prompt);
    }

    Scenario start(Start how) {
        return new Scenario(name, slots, how, calls, time, total, most, recovery, prompt);
    }

    Scenario calls(Call... made) {
        return new Scenario(name, slots, start, List.of(made), time, total, most, recovery, prompt);
    }

    Scenario withoutCalls() {
        return new Scenario(name, slots, start, List.of(), time, total, most, recovery, prompt);
    }

    Scenario until(int end) {
        return new Scenario(name, slots, start, calls, end, total, most, recovery, prompt);
    }

    /** Allows so many adversities of these kinds, in any mixture. */
    Scenario with(int count, Adversity first, Adversity... others) {
        Map<Adversity, Integer> bounds = new EnumMap<>(Adversity.class);
        EnumSet.of(first, others).forEach(kind -> bounds.put(kind, count));
        return new Scenario(name, slots, start, calls, time, count, Map.copyOf(bounds), recovery, prompt);
    }

    /** Puts a real recovery behind the router; its calls are made one after the other, at any time. */
    Scenario recovering(UnaryOperator<PoolConfigBuilder> rules) {
        PoolConfig config = rules.apply(PoolConfig.builder().name("model").handlers("model.py"))
                .build();
        return new Scenario(name, slots, start, calls, time, total, most, config, prompt);
    }

    /** Leaves the interleavings of mail and of processes to other scenarios. */
    Scenario promptly() {
        return new Scenario(name, slots, start, calls, time, total, most, recovery, true);
    }

    int bound(Adversity kind) {
        return most.getOrDefault(kind, 0);
    }
}
