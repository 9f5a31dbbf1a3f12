package dev.vivarium.internal.recovery;

import dev.vivarium.CallAttempt;
import dev.vivarium.Circuit;
import dev.vivarium.CircuitOpen;
import dev.vivarium.PoisonCall;
import dev.vivarium.PoolConfig;
import dev.vivarium.PoolEvent;
import dev.vivarium.PoolException;
import dev.vivarium.PythonException;
import dev.vivarium.RecoveryReport;
import dev.vivarium.RecoveryStrategy;
import dev.vivarium.Safeguard;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.WorkerExit;
import dev.vivarium.internal.core.FailureTable;
import dev.vivarium.internal.core.FailureTable.Failure;
import dev.vivarium.internal.core.PoisonWatch;
import dev.vivarium.internal.core.RetryBudget;
import dev.vivarium.internal.core.RetryCore;
import dev.vivarium.internal.core.RetryDelays;
import dev.vivarium.internal.port.Clock;
import dev.vivarium.internal.port.Entropy;
import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Decides what becomes of calls whose worker ended or whose handler asks for a later try, and which calls are refused at the door because of those before them:
 * retry, budget, poison and circuit breakers in one place, so that they agree. Thread-safe.
 */
public final class Recovery {

    private static final String BEGUN = "items of its stream had been passed on";

    /** What becomes of a call. */
    public sealed interface Verdict {}

    /** It is sent again, after a delay. */
    public record Retry(Duration delay) implements Verdict {}

    /** It fails. */
    public record Fail(PoolException error) implements Verdict {}

    /**
     * A call whose attempt came to nothing.
     *
     * @param text names the call in messages
     * @param begun whether items of its stream have been passed on, after which nobody may repeat it
     * @param attempts its attempts so far, this one included
     * @param remainingNanos time left until its deadline
     */
    public record Loss(
            String text,
            boolean retrySafe,
            boolean begun,
            int maxRetries,
            List<CallAttempt> attempts,
            long remainingNanos,
            Admission admission) {

        /** Copies the list. */
        public Loss {
            attempts = List.copyOf(attempts);
        }

        /** Returns how many attempts ended from within; what was killed from outside counts for nothing. */
        int deaths() {
            return (int) attempts.stream()
                    .filter(attempt -> FailureTable.isWithin(attempt.cause()))
                    .count();
        }

        /**
         * Returns how many attempts have used a retry up: not those that were killed from outside before the handler had begun.
         * Else a call would fail for having been given to one dead worker after another, when many are killed at once.
         */
        int counted() {
            return maxRetries == 0
                    ? attempts.size()
                    : (int) attempts.stream()
                            .filter(attempt -> attempt.execution() != Execution.NOT_STARTED
                                    || FailureTable.isWithin(attempt.cause()))
                            .count();
        }

        /** Returns the most that one of the attempts may have done. */
        Execution execution() {
            return ofAttempts(attempts);
        }
    }

    private final PoolConfig config;
    private final Clock clock;
    private final Entropy entropy;
    private final LongSupplier accepted;
    private final Breakers breakers;
    private final RetryBudget budget;
    private final PoisonWatch poison;
    private final Recoveries recoveries;
    private volatile boolean suspects;

    /**
     * Creates the recovery of a new pool.
     *
     * @param accepted how many calls the pool has accepted: they pay for retries
     * @param events hears of circuit breakers
     */
    public Recovery(
            PoolConfig config, Clock clock, Entropy entropy, LongSupplier accepted, Consumer<PoolEvent> events) {
        this.config = config;
        this.clock = clock;
        this.entropy = entropy;
        this.accepted = accepted;
        this.breakers = new Breakers(
                config.name(),
                config.operation().has(Safeguard.CIRCUIT_BREAKERS)
                        ? config.circuitBreaker()
                        : config.circuitBreaker().enabled(false),
                clock,
                (circuit, from, to) -> events.accept(new PoolEvent.CircuitChanged(circuit, from, to, clock.now())));
        this.budget = new RetryBudget(config.retry(), clock.nanoTime());
        this.poison = new PoisonWatch(config.poison());
        this.recoveries = new Recoveries(config.recovery().maxConcurrent());
    }

    /**
     * Lets a call in.
     *
     * @param body the call as it is encoded, handler and arguments
     * @throws CircuitOpen when a breaker is open
     * @throws PoisonCall when an equal call has ended too many processes
     */
    public Admission admit(String handler, byte[] body) {
        if (suspects) {
            refusePoison(handler, body);
        }
        Breakers.Answer answer = breakers.enter(handler);
        Breakers.Passes passes = answer.passes();
        if (passes == null) {
            throw open(answer, handler);
        }
        return new Admission(this, handler, body, passes);
    }

    /** Lets a call in that the pool makes by itself, whatever the breakers say: workers do not serve without it. */
    public Admission admitOwn(String handler, byte[] body) {
        return new Admission(this, handler, body, null);
    }

    private void refusePoison(String handler, byte[] body) {
        int deaths;
        synchronized (poison) {
            deaths = poison.deaths(body.length, () -> Fingerprint.of(body), clock.nanoTime());
            suspects = !poison.isEmpty();
        }
        if (poison.isPoison(deaths)) {
            throw new PoisonCall(
                    Execution.NOT_STARTED,
                    deaths,
                    List.of(),
                    "a call of '" + handler + "' was refused: calls with the same arguments have ended " + deaths
                            + " worker processes within " + config.poison().forgetAfter());
        }
    }

    private static CircuitOpen open(Breakers.Answer answer, String handler) {
        Circuit circuit = answer.refusedBy();
        if (circuit == null) {
            throw new IllegalArgumentException("not refused: " + answer);
        }
        Duration retryAfter = Duration.ofNanos(answer.retryAfterNanos());
        return new CircuitOpen(
                circuit,
                retryAfter,
                "a call of '" + handler + "' was refused: the circuit breaker of " + circuit + " is open"
                        + (retryAfter.isZero()
                                ? " and has let as many calls through to try as it may"
                                : " for another " + retryAfter));
    }

    /**
     * Decides about a call whose worker ended.
     *
     * @param closing whether no call is sent any more
     */
    public Verdict afterLoss(Loss loss, WorkerExit exit, boolean closing) {
        CallAttempt last = loss.attempts().get(loss.attempts().size() - 1);
        Failure failure = FailureTable.of(last.cause(), loss.deaths());
        loss.admission().givePlaceBack();
        boolean blamed = failure.within() && last.execution() != Execution.NOT_STARTED;
        int deaths = 0;
        if (blamed) {
            loss.admission().broke();
            deaths = isDeath(last.cause()) && config.operation().has(Safeguard.POISON_CALLS)
                    ? died(loss.admission().body())
                    : 0;
        }
        if (!config.operation().has(Safeguard.RETRIES)) {
            return crashed(loss, exit, failure, "retries are off");
        }
        RetryCore.Decision decision = RetryCore.decide(
                last.execution(), loss.retrySafe(), loss.counted(), loss.maxRetries(), loss.remainingNanos());
        if (decision != RetryCore.Decision.RETRY) {
            return crashed(loss, exit, failure, loss.begun() ? BEGUN : decision.reason());
        }
        if (closing) {
            return crashed(loss, exit, failure, "the pool is closing");
        }
        if (poison.isPoison(deaths)) {
            return new Fail(new PoisonCall(
                    loss.execution(),
                    deaths,
                    loss.attempts(),
                    loss.text() + " has ended " + deaths + " worker processes and is not sent again; the last: "
                            + exit.detail()));
        }
        if (failure.strategy() == RecoveryStrategy.CIRCUIT_BREAK || failure.strategy() == RecoveryStrategy.ABANDON) {
            return crashed(loss, exit, failure, "its workers have ended from within " + loss.deaths() + " times");
        }
        return again(loss, exit, failure);
    }

    private Verdict again(Loss loss, WorkerExit exit, Failure failure) {
        if (loss.admission().isSpent()) {
            Breakers.Answer answer = loss.admission().renew();
            if (answer.passes() == null) {
                return crashed(loss, exit, failure, "the circuit breaker of " + answer.refusedBy() + " is open");
            }
        }
        Duration delay = Duration.ZERO;
        if (failure.strategy() == RecoveryStrategy.BACKOFF_RETRY) {
            delay = RetryDelays.delay(
                    config.retry(), Math.max(1, loss.deaths()), loss.admission().lastDelay(), entropy.unit());
            loss.admission().lastDelay(delay);
        }
        if (delay.toNanos() >= loss.remainingNanos()) {
            return crashed(loss, exit, failure, "the next try would come after its deadline");
        }
        Duration limit = config.recovery().budget(failure.severity());
        long left = limit.toNanos() - loss.admission().waited();
        Fail tooLong = crashed(
                loss,
                exit,
                failure,
                "its recovery would take longer than " + limit + ", the budget of severity " + failure.severity());
        if (left <= 0 || delay.toNanos() > left) {
            return tooLong;
        }
        if (!isPaid()) {
            return crashed(loss, exit, failure, "the pool's retry budget is used up");
        }
        loss.admission().recovers();
        loss.admission().waitsFrom(clock.nanoTime(), left, tooLong::error);
        return new Retry(delay);
    }

    /**
     * Decides about a call whose handler asked to be called again later. Its worker works, so that nobody is blamed.
     *
     * @param raised what the call fails with, if it does
     * @param delay how long the handler wants it to wait
     * @param closing whether no call is sent any more
     */
    public Verdict afterRequest(Loss loss, PythonException raised, Duration delay, boolean closing) {
        CallAttempt last = loss.attempts().get(loss.attempts().size() - 1);
        loss.admission().givePlaceBack();
        RetryCore.Decision decision = RetryCore.decide(
                last.execution(), loss.retrySafe(), loss.counted(), loss.maxRetries(), loss.remainingNanos());
        boolean may = decision == RetryCore.Decision.RETRY
                && config.operation().has(Safeguard.RETRIES)
                && !closing
                && delay.toNanos() < loss.remainingNanos();
        if (!may || !isPaid()) {
            return new Fail(raised);
        }
        loss.admission().postponed();
        return new Retry(delay);
    }

    /** Lets a call that was postponed in again when its time has come; false when a breaker has opened meanwhile. */
    public boolean readmit(Admission admission) {
        return !admission.isSpent() || admission.renew().passes() != null;
    }

    private boolean isPaid() {
        synchronized (budget) {
            return budget.take(accepted.getAsLong(), clock.nanoTime());
        }
    }

    private static Fail crashed(Loss loss, WorkerExit exit, Failure failure, String reason) {
        return new Fail(new WorkerCrashed(
                failure.category(),
                failure.severity(),
                loss.execution(),
                exit,
                loss.attempts(),
                loss.text() + " lost its worker: " + exit.detail() + "; not repeated: " + reason));
    }

    /** Returns what is known of a call that no worker has: the most that one of its attempts may have done. */
    public static Execution ofAttempts(List<CallAttempt> attempts) {
        Execution most = Execution.NOT_STARTED;
        for (CallAttempt attempt : attempts) {
            most = attempt.execution().compareTo(most) > 0 ? attempt.execution() : most;
        }
        return most;
    }

    private static boolean isDeath(TransitionCause cause) {
        return cause == TransitionCause.CRASHED
                || cause == TransitionCause.EXITED
                || cause == TransitionCause.OUT_OF_MEMORY
                || cause == TransitionCause.MEMORY_LIMIT;
    }

    private int died(byte[] body) {
        synchronized (poison) {
            suspects = true;
            return poison.died(body.length, Fingerprint.of(body), clock.nanoTime());
        }
    }

    void survived(byte[] body) {
        if (suspects) {
            synchronized (poison) {
                poison.survived(body.length, () -> Fingerprint.of(body));
                suspects = !poison.isEmpty();
            }
        }
    }

    Recoveries recoveries() {
        return recoveries;
    }

    /** Returns the calls that were tried again. */
    public RecoveryReport report() {
        return recoveries.report();
    }

    /** Has {@code listener} told, on any thread, when a call that waits for a place to be tried again may ask once more. */
    public void whenPlaceFree(Runnable listener) {
        recoveries.whenFreed(listener);
    }

    /** Says that no call waits for a place any more. */
    public void nobodyWaits() {
        recoveries.wanted(false);
    }

    Breakers breakers() {
        return breakers;
    }

    /** Returns the breakers that do not let every call through. */
    public List<Circuit> openCircuits() {
        return breakers.open();
    }
}
