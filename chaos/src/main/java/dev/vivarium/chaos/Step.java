package dev.vivarium.chaos;

import java.time.Duration;
import java.util.List;

/** A part of a scenario's method. Each begins {@code after} so long: after its container's begin, in a sequence after the end of the step before it. */
public sealed interface Step {

    /** Returns how long it waits first. */
    Duration after();

    /**
     * A fault, and whom it befalls.
     *
     * @param targets which workers; of no meaning for faults of the pool
     * @param within the time over which the targets are spread, at drawn moments; zero is all at once
     * @param ttl when each is healed at the latest, counted from its own moment
     * @param times how often it may land in each target
     */
    record Inject(Duration after, ChaosFault fault, Targets targets, Duration within, Duration ttl, int times)
            implements Step {}

    /** Steps one after the other: each begins when the one before it is healed. */
    record Sequence(Duration after, List<Step> steps) implements Step {
        /** Copies the list. */
        public Sequence {
            steps = List.copyOf(steps);
        }
    }

    /** Steps that begin together. */
    record Parallel(Duration after, List<Step> steps) implements Step {
        /** Copies the list. */
        public Parallel {
            steps = List.copyOf(steps);
        }
    }

    /**
     * A step again and again, in stages of equal distance.
     *
     * @param every from one beginning to the next
     */
    record Staged(Duration after, int times, Duration every, Step step) implements Step {}

    /**
     * Steps at drawn moments, as a Poisson process.
     *
     * @param length for how long
     * @param every the mean time between two
     * @param choices what is drawn from
     * @param swarm whether a drawn subset of the choices is left out, and the rest have drawn weights
     */
    record Mix(Duration after, Duration length, Duration every, List<Choice> choices, boolean swarm) implements Step {
        /** Copies the list. */
        public Mix {
            choices = List.copyOf(choices);
        }
    }

    /**
     * A step of which only those faults come at whose moments something has already happened in the run; the others are left out, and
     * that is noted. The schedule has all of them.
     *
     * @param event what must have happened, one of {@link Metric#events()}
     */
    record When(Duration after, String event, Step step) implements Step {}

    /**
     * A step that can be drawn.
     *
     * @param weight how often in relation to the others
     */
    record Choice(int weight, Step step) {}
}
