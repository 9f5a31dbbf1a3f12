package dev.vivarium.internal.core.model;

import dev.vivarium.PoolConfig;
import dev.vivarium.internal.recovery.RecoveryState;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * The real recovery of a pool, and beside it what the model knows by itself: which calls have ended processes, how many
 * retries there were. Owned by one {@link PoolWorld}, which copies it before it changes it.
 */
final class RecoveryWorld {

    /** One unit of the model's time: deadlines and delays are whole multiples of it. */
    static final Duration UNIT = Duration.ofSeconds(1);

    /** Arguments that the calls of a scenario may have are numbered from 0. */
    private static final int ARGUMENTS = 4;

    private static final double SECONDS_TO_REFILL = 10;

    final RecoveryState state;
    int retries;
    private final int[] deaths;
    private final int[] lastDeath;

    RecoveryWorld(PoolConfig config, int calls) {
        this(new RecoveryState(config, calls), 0, new int[ARGUMENTS], new int[ARGUMENTS]);
    }

    private RecoveryWorld(RecoveryState state, int retries, int[] deaths, int[] lastDeath) {
        this.state = state;
        this.retries = retries;
        this.deaths = deaths;
        this.lastDeath = lastDeath;
    }

    /** Returns a copy whose time is this. */
    RecoveryWorld at(int time) {
        return new RecoveryWorld(state.copy().at(time * UNIT.toNanos()), retries, deaths.clone(), lastDeath.clone());
    }

    void died(int arguments, int time) {
        deaths[arguments] = remembered(arguments, time) ? deaths[arguments] + 1 : 1;
        lastDeath[arguments] = time;
    }

    void survived(int arguments) {
        deaths[arguments] = 0;
    }

    private boolean remembered(int arguments, int time) {
        return UNIT.multipliedBy(time - lastDeath[arguments])
                        .compareTo(state.config().poison().forgetAfter())
                < 0;
    }

    boolean isPoison(int arguments, int time) {
        return deaths[arguments] >= state.config().poison().deaths() && remembered(arguments, time);
    }

    /** Returns the most retries that can have been paid for by now. */
    double paid(int time) {
        double bursts = 1 + UNIT.toSeconds() * time / SECONDS_TO_REFILL;
        return state.config().retry().burst() * bursts + state.config().retry().budget() * state.accepted();
    }

    Fingerprint print(Interner names) {
        return Fingerprint.of()
                .with(names.of(state.essence()))
                .with(names.of(List.of(retries, Arrays.toString(deaths), Arrays.toString(lastDeath))))
                .done();
    }
}
