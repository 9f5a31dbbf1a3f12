package dev.vivarium.internal.recovery;

import dev.vivarium.CallAttempt;
import dev.vivarium.Circuit;
import dev.vivarium.PoolConfig;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerExit;
import dev.vivarium.WorkerId;
import dev.vivarium.internal.core.CircuitBreaker;
import dev.vivarium.internal.core.CircuitBreaker.HalfOpen;
import dev.vivarium.internal.core.CircuitBreaker.Open;
import dev.vivarium.internal.core.CircuitBreaker.Outcome;
import dev.vivarium.internal.core.CircuitBreaker.Pass;
import dev.vivarium.internal.core.CircuitBreaker.State;
import dev.vivarium.internal.core.PoisonWatch;
import dev.vivarium.internal.core.RetryBudget;
import dev.vivarium.internal.port.Clock;
import dev.vivarium.internal.port.Entropy;
import dev.vivarium.internal.recovery.Breakers.Passes;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A real {@link Recovery} and the admissions of a few calls, at a time that is set. It can be copied and looked into, which
 * exploration needs. A class whose state is more than is known here makes this fail, rather than miss something. Left out are
 * the bounds of calls that are tried again, in number and in time: no model has so many calls, or so much time.
 */
public final class RecoveryState {

    /**
     * A half-open breaker.
     *
     * @param running how many probes it believes to run
     * @param held how many calls hold a place in it
     * @param most how many places it has
     */
    public record Places(String breaker, int running, int held, int most) {}

    private static final Peek BREAKERS = new Peek(Recovery.class, 9, "breakers");
    private static final Peek BUDGET = new Peek(Recovery.class, 9, "budget");
    private static final Peek POISON = new Peek(Recovery.class, 9, "poison");
    private static final Peek SUSPECTED = new Peek(Recovery.class, 9, "suspects");
    private static final Peek WHOLE = new Peek(Breakers.class, 7, "whole");
    private static final Peek OF_HANDLERS = new Peek(Breakers.class, 7, "ofHandlers");
    private static final Peek STATE = new Peek(Breaker.class, 5, "state");
    private static final List<Peek> TOKENS = List.of(
            new Peek(RetryBudget.class, 4, "tokens"),
            new Peek(RetryBudget.class, 4, "paidFor"),
            new Peek(RetryBudget.class, 4, "last"));
    private static final List<Peek> SUSPECTS =
            List.of(new Peek(PoisonWatch.class, 3, "suspects"), new Peek(PoisonWatch.class, 3, "lengths"));
    private static final Peek HUNG = new Peek(Admission.class, 14, "hung");
    private static final Peek PASSES = new Peek(Admission.class, 14, "passes");
    private static final List<Peek> OF_ADMISSIONS =
            List.of(new Peek(Admission.class, 14, "over"), HUNG, new Peek(Admission.class, 14, "lastDelay"));

    private static final Entropy NO_CHANCE = new Entropy() {
        @Override
        public double unit() {
            return 0.5;
        }

        @Override
        public String token(int bytes) {
            return "0".repeat(2 * bytes);
        }
    };

    private final PoolConfig config;
    private final String[] handlers;
    private final @Nullable Admission[] admissions;
    private final Recovery recovery;
    private long now;
    private long accepted;

    private final Clock clock = new Clock() {
        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public Instant now() {
            return Instant.EPOCH;
        }
    };

    /** Creates the recovery of a new pool in which so many calls are made, with ids from 1. */
    public RecoveryState(PoolConfig config, int calls) {
        this.config = config;
        this.handlers = new String[calls];
        this.admissions = new Admission[calls];
        this.recovery = new Recovery(config, clock, NO_CHANCE, () -> accepted, event -> {});
    }

    /** Returns a copy that goes its own way. */
    public RecoveryState copy() {
        RecoveryState copy = new RecoveryState(config, admissions.length);
        copy.now = now;
        copy.accepted = accepted;
        STATE.setAtomic(copy.whole(), STATE.atomic(whole()));
        ofHandlers().forEach((name, breaker) -> {
            CircuitBreaker core = new CircuitBreaker(config.circuitBreaker());
            Breaker other = new Breaker(new Circuit(config.name(), name), core, copy.clock, (circuit, from, to) -> {});
            STATE.setAtomic(other, STATE.atomic(breaker));
            copy.ofHandlers().put(name, other);
        });
        TOKENS.forEach(field -> field.set(BUDGET.of(copy.recovery), field.of(BUDGET.of(recovery))));
        SUSPECTS.forEach(field -> field.map(POISON.of(copy.recovery)).putAll(field.map(POISON.of(recovery))));
        SUSPECTED.set(copy.recovery, SUSPECTED.of(recovery));
        for (int i = 0; i < admissions.length; i++) {
            Admission admission = admissions[i];
            if (admission != null) {
                Passes held = passes(admission);
                Admission other = new Admission(copy.recovery, handlers[i], admission.body(), copy.own(held));
                if (held == null) {
                    PASSES.setAtomic(other, null);
                }
                OF_ADMISSIONS.forEach(field -> field.set(other, field.of(admission)));
                copy.handlers[i] = handlers[i];
                copy.admissions[i] = other;
            }
        }
        return copy;
    }

    /** Returns the passes with the breaker of this copy in place of the one that they were given by. */
    private Passes own(@Nullable Passes held) {
        if (held == null) {
            return new Passes(null, new Pass(0, false), new Pass(0, false));
        }
        Breaker given = held.own();
        return new Passes(
                given == null ? null : ofHandlers().get(given.circuit().handler()), held.handler(), held.pool());
    }

    /** Returns the configuration. */
    public PoolConfig config() {
        return config;
    }

    /** Sets the time. */
    public RecoveryState at(long time) {
        now = time;
        return this;
    }

    /** A caller makes a call; throws what refuses it. */
    public void admit(int call, String handler, byte[] body) {
        admissions[call - 1] = recovery.admit(handler, body);
        handlers[call - 1] = handler;
        accepted++;
    }

    /** A call has lost its worker; the last of the attempts says how. */
    public Recovery.Verdict afterLoss(
            int call,
            boolean retrySafe,
            int maxRetries,
            List<CallAttempt> attempts,
            long remainingNanos,
            boolean closing) {
        CallAttempt last = attempts.get(attempts.size() - 1);
        WorkerExit exit = new WorkerExit(
                last.worker(), last.incarnation(), 1, last.cause(), 0, 0, 0, 0, "it ended", List.of(), "");
        return recovery.afterLoss(
                new Recovery.Loss(
                        "call " + call, retrySafe, false, maxRetries, attempts, remainingNanos, admissionOf(call)),
                exit,
                closing);
    }

    /** Returns an attempt; which worker made it decides nothing. */
    public static CallAttempt attempt(TransitionCause cause, dev.vivarium.protocol.Execution execution) {
        return new CallAttempt(new WorkerId("model", 1), 1, cause, execution);
    }

    /** A call has ended. */
    public void ended(int call, Outcome outcome) {
        admissionOf(call).ended(outcome);
    }

    /** A call was not ended by its worker in time. */
    public void endedHung(int call) {
        admissionOf(call).endedHung();
    }

    /** A worker is off the call that it had; see {@link Admission#released}. */
    public void released(int call, boolean within) {
        admissionOf(call).released(within);
    }

    /** Returns whether a call has ended and nobody knows yet what that means. */
    public boolean isUndecided(int call) {
        Admission admission = admissions[call - 1];
        return admission != null && (boolean) HUNG.of(admission);
    }

    private Admission admissionOf(int call) {
        Admission admission = admissions[call - 1];
        if (admission == null) {
            throw new IllegalStateException("call " + call + " was never admitted");
        }
        return admission;
    }

    /** Returns whether a call holds its leave to run. */
    public boolean holds(int call) {
        Admission admission = admissions[call - 1];
        return admission != null && passes(admission) != null;
    }

    /** Returns how many calls have been accepted. */
    public long accepted() {
        return accepted;
    }

    /** Returns whether a breaker must refuse a call of the handler now. */
    public boolean refuses(String handler) {
        Breaker own = ofHandlers().get(handler);
        return refuses(state(whole())) || (own != null && refuses(state(own)));
    }

    private boolean refuses(State state) {
        return (state instanceof Open open && open.until() > now)
                || (state instanceof HalfOpen half
                        && half.running() >= config.circuitBreaker().halfOpenCalls());
    }

    /** Returns the breakers that are half open. */
    public List<Places> places() {
        List<Places> all = new ArrayList<>();
        if (state(whole()) instanceof HalfOpen half) {
            all.add(places("the pool", half, held -> held.pool()));
        }
        ofHandlers().forEach((name, breaker) -> {
            if (state(breaker) instanceof HalfOpen half) {
                all.add(places(name, half, held -> held.own() == breaker ? held.handler() : null));
            }
        });
        return all;
    }

    private Places places(String name, HalfOpen half, java.util.function.Function<Passes, @Nullable Pass> taken) {
        int held = 0;
        for (Admission admission : admissions) {
            Passes passes = admission == null ? null : passes(admission);
            Pass pass = passes == null ? null : taken.apply(passes);
            held += pass != null && pass.probe() && pass.period() == half.period() ? 1 : 0;
        }
        return new Places(name, half.running(), held, config.circuitBreaker().halfOpenCalls());
    }

    /** Plants a bug: the pool's own breaker believes that one probe more runs, or one less. */
    public void miscount(int by) {
        if (state(whole()) instanceof HalfOpen half) {
            STATE.setAtomic(whole(), new HalfOpen(half.period(), half.running() + by, half.succeeded()));
        }
    }

    /** Plants a bug: the deaths that calls have caused are forgotten. */
    public void forgetSuspects() {
        SUSPECTS.forEach(field -> field.map(POISON.of(recovery)).clear());
    }

    /** Plants a bug: there are retries that nobody has paid for. */
    public void giveAway(double retries) {
        TOKENS.get(0).set(BUDGET.of(recovery), retries);
    }

    /** Returns all that decides what happens next. */
    public List<Object> essence() {
        List<Object> all = new ArrayList<>();
        all.add(accepted);
        all.add(state(whole()));
        new TreeMap<>(ofHandlers()).forEach((name, breaker) -> {
            all.add(name);
            all.add(state(breaker));
        });
        TOKENS.forEach(field -> all.add(field.of(BUDGET.of(recovery))));
        field(SUSPECTS.get(0)).forEach((key, suspect) -> all.add(Map.entry(key, suspect)));
        all.add(Map.copyOf(field(SUSPECTS.get(1))));
        all.add(SUSPECTED.of(recovery));
        for (Admission admission : admissions) {
            Passes held = admission == null ? null : passes(admission);
            all.add(held == null ? "none" : List.of(held.own() != null, held.handler(), held.pool()));
            if (admission != null) {
                OF_ADMISSIONS.forEach(field -> all.add(field.of(admission)));
            }
        }
        return all;
    }

    private Map<Object, Object> field(Peek peek) {
        return peek.map(POISON.of(recovery));
    }

    private Breaker whole() {
        return (Breaker) WHOLE.of(BREAKERS.of(recovery));
    }

    @SuppressWarnings("unchecked") // It is what the field is declared to be.
    private Map<String, Breaker> ofHandlers() {
        return (Map<String, Breaker>) OF_HANDLERS.of(BREAKERS.of(recovery));
    }

    private static State state(Breaker breaker) {
        return (State) STATE.atomic(breaker);
    }

    private static @Nullable Passes passes(Admission admission) {
        return (Passes) PASSES.atomic(admission);
    }

    /** Access to a field of a class that has a known number of them. */
    private static final class Peek {
        private final Field field;

        Peek(Class<?> type, int fields, String name) {
            long found = Arrays.stream(type.getDeclaredFields())
                    .filter(f -> !f.isSynthetic() && !Modifier.isStatic(f.getModifiers()))
                    .count();
            if (found != fields) {
                throw new AssertionError(type + " has state that a copy would miss");
            }
            try {
                field = type.getDeclaredField(name);
                field.setAccessible(true);
            } catch (NoSuchFieldException e) {
                throw new AssertionError(type + " has changed", e);
            }
        }

        Object of(Object owner) {
            try {
                return field.get(owner);
            } catch (IllegalAccessException e) {
                throw new AssertionError(e);
            }
        }

        void set(Object owner, Object value) {
            try {
                field.set(owner, value);
            } catch (IllegalAccessException e) {
                throw new AssertionError(e);
            }
        }

        @Nullable
        Object atomic(Object owner) {
            return ((AtomicReference<?>) of(owner)).get();
        }

        @SuppressWarnings("unchecked") // What is put in came out of a field of the same type.
        void setAtomic(Object owner, @Nullable Object value) {
            ((AtomicReference<@Nullable Object>) of(owner)).set(value);
        }

        @SuppressWarnings("unchecked") // What is in the map is only passed on.
        Map<Object, Object> map(Object owner) {
            return (Map<Object, Object>) of(owner);
        }
    }
}
