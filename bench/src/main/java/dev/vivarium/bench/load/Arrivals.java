package dev.vivarium.bench.load;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;

/** The calls of a plan, one after the other. Takes no memory for those to come. Not thread-safe. */
public final class Arrivals implements Iterator<LoadPlan.Arrival> {

    private final LoadPlan plan;
    private final SplittableRandom random;
    private final int weights;
    private long number;
    private int phase;
    private long inPhase;
    private long phaseBegins;

    Arrivals(LoadPlan plan, SplittableRandom random) {
        this.plan = plan;
        this.random = random;
        this.weights = plan.operations().stream().mapToInt(Operation::weight).sum();
        skipEnded();
    }

    @Override
    public boolean hasNext() {
        return phase < plan.phases().size();
    }

    @Override
    public LoadPlan.Arrival next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        LoadPlan.Arrival arrival = new LoadPlan.Arrival(
                number, phaseBegins + plan.phases().get(phase).dueNanos(inPhase), phase, operation());
        number++;
        inPhase++;
        skipEnded();
        return arrival;
    }

    private void skipEnded() {
        while (hasNext() && inPhase >= plan.phases().get(phase).calls()) {
            phaseBegins += plan.phases().get(phase).length().toNanos();
            phase++;
            inPhase = 0;
        }
    }

    private int operation() {
        int at = random.nextInt(weights);
        int operation = 0;
        while (at >= plan.operations().get(operation).weight()) {
            at -= plan.operations().get(operation).weight();
            operation++;
        }
        return operation;
    }
}
