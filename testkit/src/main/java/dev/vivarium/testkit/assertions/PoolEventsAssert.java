package dev.vivarium.testkit.assertions;

import dev.vivarium.PoolEvent;
import dev.vivarium.PoolEvent.WorkerTransitioned;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.assertj.core.api.AbstractAssert;

/** Assertions about events of a pool, in the order in which they came. */
public final class PoolEventsAssert extends AbstractAssert<PoolEventsAssert, List<PoolEvent>> {

    /** How many events a failure shows. */
    private static final int SHOWN = 50;

    PoolEventsAssert(List<PoolEvent> actual) {
        super(actual, PoolEventsAssert.class);
    }

    private String shown() {
        List<PoolEvent> tail = actual.subList(Math.max(0, actual.size() - SHOWN), actual.size());
        return tail.isEmpty()
                ? "there was no event at all"
                : "the last events were:\n  "
                        + tail.stream().map(PoolEvent::toString).collect(Collectors.joining("\n  "));
    }

    private <E extends PoolEvent> long number(Class<E> type, Predicate<? super E> fits) {
        return actual.stream()
                .filter(type::isInstance)
                .map(type::cast)
                .filter(fits)
                .count();
    }

    /** There is an event of this kind. */
    public PoolEventsAssert contain(Class<? extends PoolEvent> type) {
        return contain(type, event -> true);
    }

    /** There is an event of this kind that fits. */
    public <E extends PoolEvent> PoolEventsAssert contain(Class<E> type, Predicate<? super E> fits) {
        isNotNull();
        if (number(type, fits) == 0) {
            throw failure("there should be a %s that fits; %s", type.getSimpleName(), shown());
        }
        return this;
    }

    /** There is no event of this kind. */
    public PoolEventsAssert containNo(Class<? extends PoolEvent> type) {
        return contain(type, 0);
    }

    /** There are so many events of this kind. */
    public PoolEventsAssert contain(Class<? extends PoolEvent> type, int expected) {
        isNotNull();
        long number = number(type, event -> true);
        if (number != expected) {
            throw failure(
                    "there should be %s %s, and there are %s; %s", expected, type.getSimpleName(), number, shown());
        }
        return this;
    }

    private static void named(int length, String what) {
        if (length == 0) {
            throw new IllegalArgumentException("name at least one " + what + ": with none, every pool would do");
        }
    }

    /**
     * There are events of these kinds in this order; others may lie between.
     *
     * @throws IllegalArgumentException when none is named
     */
    @SafeVarargs
    public final PoolEventsAssert containInOrder(Class<? extends PoolEvent>... types) {
        isNotNull();
        named(types.length, "kind of event");
        int found = 0;
        for (PoolEvent event : actual) {
            if (found < types.length && types[found].isInstance(event)) {
                found++;
            }
        }
        if (found < types.length) {
            List<String> names = new ArrayList<>();
            for (Class<? extends PoolEvent> type : types) {
                names.add(type.getSimpleName());
            }
            throw failure(
                    "there should be, in this order, %s; there is no %s after the first %s; %s",
                    names, types[found].getSimpleName(), found, shown());
        }
        return this;
    }

    /**
     * The states that a slot, by its number from 1, went through contain these, one right after the other.
     *
     * @throws IllegalArgumentException when none is named
     */
    public PoolEventsAssert showStates(int slot, WorkerState... expected) {
        isNotNull();
        named(expected.length, "state");
        List<WorkerState> states =
                transitions(slot).stream().map(WorkerTransitioned::to).toList();
        if (Collections.indexOfSubList(states, Arrays.asList(expected)) < 0) {
            throw failure(
                    "slot %s should have gone through %s, and went through %s", slot, Arrays.asList(expected), states);
        }
        return this;
    }

    /** The incarnations of a slot, by its number from 1, that are over ended for these reasons, oldest first; there must be such a slot. */
    public PoolEventsAssert showEnds(int slot, TransitionCause... expected) {
        isNotNull();
        if (transitions(slot).isEmpty()) {
            throw failure("there should be a slot %s, and no event tells of it; %s", slot, shown());
        }
        List<TransitionCause> causes = transitions(slot).stream()
                .filter(transition -> transition.to() == WorkerState.TERMINATED)
                .map(WorkerTransitioned::cause)
                .toList();
        if (!causes.equals(Arrays.asList(expected))) {
            throw failureWithActualExpected(
                    causes,
                    Arrays.asList(expected),
                    "the incarnations of slot %s should have ended by %s, and did by %s",
                    slot,
                    Arrays.asList(expected),
                    causes);
        }
        return this;
    }

    private List<WorkerTransitioned> transitions(int slot) {
        return actual.stream()
                .filter(WorkerTransitioned.class::isInstance)
                .map(WorkerTransitioned.class::cast)
                .filter(transition -> transition.worker().slot() == slot)
                .toList();
    }

    /** A session was bound so many times, for the first time or anew. */
    public PoolEventsAssert showBindings(String session, int expected) {
        isNotNull();
        long bindings =
                number(PoolEvent.SessionBound.class, bound -> bound.session().equals(session));
        if (bindings != expected) {
            throw failure(
                    "session '%s' should have been bound %s times, and was %s times; %s",
                    session, expected, bindings, shown());
        }
        return this;
    }
}
