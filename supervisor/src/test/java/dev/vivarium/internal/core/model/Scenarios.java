package dev.vivarium.internal.core.model;

import static dev.vivarium.internal.core.model.Adversity.BABBLE;
import static dev.vivarium.internal.core.model.Adversity.CANCEL;
import static dev.vivarium.internal.core.model.Adversity.CLOSE;
import static dev.vivarium.internal.core.model.Adversity.CLOSED_CHANNEL;
import static dev.vivarium.internal.core.model.Adversity.CRASH;
import static dev.vivarium.internal.core.model.Adversity.DISMISS;
import static dev.vivarium.internal.core.model.Adversity.EARLY_EXIT;
import static dev.vivarium.internal.core.model.Adversity.END_NOW;
import static dev.vivarium.internal.core.model.Adversity.GREED;
import static dev.vivarium.internal.core.model.Adversity.GUARDIAN_LOST;
import static dev.vivarium.internal.core.model.Adversity.HANG;
import static dev.vivarium.internal.core.model.Adversity.HEALTH_CHECK;
import static dev.vivarium.internal.core.model.Adversity.KILL;
import static dev.vivarium.internal.core.model.Adversity.LOAD_FAILURE;
import static dev.vivarium.internal.core.model.Adversity.LOST_KILL;
import static dev.vivarium.internal.core.model.Adversity.MISSED_PONG;
import static dev.vivarium.internal.core.model.Adversity.OUTLIER;
import static dev.vivarium.internal.core.model.Adversity.ROUTER_FAILURE;
import static dev.vivarium.internal.core.model.Adversity.SLOW_END;
import static dev.vivarium.internal.core.model.Adversity.SLOW_START;
import static dev.vivarium.internal.core.model.Adversity.SPAWN_REFUSAL;
import static dev.vivarium.internal.core.model.Adversity.STRAY_ANSWER;
import static dev.vivarium.internal.core.model.Adversity.VIOLATION;

import java.util.EnumSet;
import java.util.stream.Stream;

/**
 * The scenarios that the build explores. Two slots show what one does to the other; one slot leaves room for any two
 * adversities of any kinds, one upon the other.
 */
final class Scenarios {

    /** Those that come without an invitation: two are what no link does, and timers are explored where there are delays. */
    private static final Adversity[] ANY = EnumSet.complementOf(EnumSet.of(EARLY_EXIT, STRAY_ANSWER, ROUTER_FAILURE))
            .toArray(Adversity[]::new);

    private static final Scenario.Call SAFE = new Scenario.Call(true, 1, 1);
    private static final Scenario.Call UNSAFE = new Scenario.Call(false, 1, 1);

    private Scenarios() {}

    /**
     * Returns the scenarios; those beyond the build's time only where the property asks for them, and the largest of the build's,
     * which are the first because the others fit around them, not where one asks for the brief form.
     */
    static Stream<Scenario> all() {
        Stream<Scenario> brief = Stream.concat(brief(), RecoveryScenarios.all());
        Stream<Scenario> built =
                Boolean.getBoolean("vivarium.explore.brief") ? brief : Stream.concat(thorough(), brief);
        return Boolean.getBoolean("vivarium.explore.large") ? Stream.concat(built, large()) : built;
    }

    private static Scenario anyTwo() {
        return Scenario.named("one slot, one call, any two")
                .slots(1)
                .calls(UNSAFE)
                .until(1)
                .with(2, ANY[0], ANY);
    }

    private static Stream<Scenario> large() {
        return Stream.of(
                Scenario.named("one slot, one retry-safe call, any two")
                        .slots(1)
                        .calls(SAFE)
                        .until(1)
                        .with(2, ANY[0], ANY),
                Scenario.named("two slots, two calls, two deaths").with(2, CRASH, KILL),
                Scenario.named("two slots, two calls, deadlines and cancellations")
                        .until(2)
                        .with(2, CANCEL),
                Scenario.named("two slots, three calls, a death")
                        .calls(SAFE, UNSAFE, SAFE)
                        .with(1, CRASH));
    }

    private static Stream<Scenario> brief() {
        return Stream.of(
                Scenario.named("two slots start")
                        .start(Scenario.Start.COLD)
                        .with(1, LOAD_FAILURE, SPAWN_REFUSAL, SLOW_START, CRASH, BABBLE),
                Scenario.named("one slot, one call, a worker that is bad twice")
                        .slots(1)
                        .calls(UNSAFE)
                        .with(2, VIOLATION, BABBLE, CLOSED_CHANNEL),
                Scenario.named("two slots, two calls, deadlines").until(2),
                Scenario.named("two slots, two calls, a death").with(1, CRASH, KILL),
                Scenario.named("two slots, two calls, a bad worker").with(1, VIOLATION, BABBLE, CLOSED_CHANNEL),
                Scenario.named("two slots, two calls, a greedy worker").with(1, GREED),
                Scenario.named("two slots, two calls, a call that hangs")
                        .until(2)
                        .with(1, HANG),
                Scenario.named("two slots, two calls, a cancellation").with(1, CANCEL),
                Scenario.named("two slots, two calls, a smaller pool").with(1, DISMISS, END_NOW),
                Scenario.named("two slots, two calls, the pool closes").with(1, CLOSE),
                Scenario.named("one slot, one call, the guardian dies")
                        .slots(1)
                        .calls(UNSAFE)
                        .with(1, GUARDIAN_LOST),
                Scenario.named("two slots, one call, health").calls(UNSAFE).with(3, HEALTH_CHECK, MISSED_PONG),
                Scenario.named("two slots, three calls, an outlier")
                        .calls(SAFE, UNSAFE, SAFE)
                        .with(2, OUTLIER),
                Scenario.named("two lazy slots, one call")
                        .start(Scenario.Start.LAZY)
                        .calls(UNSAFE)
                        .until(1)
                        .with(1, DISMISS, END_NOW, CANCEL),
                Scenario.named("one sick slot")
                        .slots(1)
                        .withoutCalls()
                        .with(
                                3,
                                HEALTH_CHECK,
                                MISSED_PONG,
                                BABBLE,
                                VIOLATION,
                                CLOSED_CHANNEL,
                                GREED,
                                DISMISS,
                                END_NOW,
                                GUARDIAN_LOST),
                Scenario.named("one sick slot, a link that lies")
                        .slots(1)
                        .withoutCalls()
                        .with(4, EARLY_EXIT, STRAY_ANSWER, CRASH, HEALTH_CHECK, MISSED_PONG),
                Scenario.named("one slot, one call, a link that lies")
                        .slots(1)
                        .calls(UNSAFE)
                        .until(1)
                        .with(2, EARLY_EXIT, STRAY_ANSWER, CRASH),
                Scenario.named("one slot, one call, three about its end")
                        .slots(1)
                        .calls(UNSAFE)
                        .until(1)
                        .with(3, DISMISS, END_NOW, SLOW_END, LOST_KILL, CRASH));
    }

    /** Each has more than a hundred thousand states. */
    private static Stream<Scenario> thorough() {
        return Stream.of(
                anyTwo(),
                Scenario.named("two slots, two calls, the guardian dies").with(1, GUARDIAN_LOST),
                Scenario.named("one sick slot, two calls")
                        .slots(1)
                        .calls(SAFE, UNSAFE)
                        .until(1)
                        .with(3, HEALTH_CHECK, MISSED_PONG, OUTLIER),
                Scenario.named("one outlier, two calls")
                        .slots(1)
                        .calls(SAFE, UNSAFE)
                        .until(1)
                        .with(2, OUTLIER, CRASH, HANG, DISMISS),
                Scenario.named("one slot, one retry-safe call, two losses")
                        .slots(1)
                        .calls(SAFE)
                        .until(1)
                        .with(2, CRASH, CANCEL, CLOSE, GUARDIAN_LOST, VIOLATION));
    }
}
