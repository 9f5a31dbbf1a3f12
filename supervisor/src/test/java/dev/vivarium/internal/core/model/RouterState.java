package dev.vivarium.internal.core.model;

import dev.vivarium.internal.core.RouterCore;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Copies a {@link RouterCore} and looks into it. The core keeps its state to itself, as it should, and exploration needs a
 * state of its own for each branch. A core whose state is more than these maps makes this fail, rather than miss something.
 */
final class RouterState {

    private static final Field IDLE = field("idle");
    private static final Field PROBES = field("probes");
    private static final Field LEASES = field("leasesGiven");
    private static final Field RETURNED = field("returned");
    private static final Field QUEUE = field("queue");
    private static final Field PREFERRED = field("preferred");
    private static final List<Field> FIELDS = List.of(IDLE, PROBES, LEASES, RETURNED, QUEUE, PREFERRED);

    /** Calls of sessions, which no pool of the model has; {@code SessionExplorationTest} is about those. */
    private static final Field HELD = field("held");

    static {
        long fields = Arrays.stream(RouterCore.class.getDeclaredFields())
                .filter(f -> !f.isSynthetic() && !java.lang.reflect.Modifier.isStatic(f.getModifiers()))
                .count();
        if (fields != FIELDS.size() + List.of(HELD).size()) {
            throw new AssertionError("the router's core has state that a copy would miss");
        }
    }

    private RouterState() {}

    static RouterCore copy(RouterCore core) {
        RouterCore copy = new RouterCore();
        if (core.heldFor(0).size() + core.waiting()
                != queue(core).size() + returned(core).size()) {
            throw new AssertionError("a call is held, which a copy would miss");
        }
        FIELDS.forEach(field -> map(field, copy).putAll(map(field, core)));
        return copy;
    }

    /** Returns the idle workers in the order in which they were offered. */
    static List<RouterCore.Idle> idle(RouterCore core) {
        return map(IDLE, core).values().stream()
                .map(RouterCore.Idle.class::cast)
                .toList();
    }

    /** Returns the degraded workers that may be tried, in the order in which they were offered. */
    static List<RouterCore.Idle> probes(RouterCore core) {
        return map(PROBES, core).values().stream()
                .map(RouterCore.Idle.class::cast)
                .toList();
    }

    static long leases(RouterCore core, int slot) {
        return (Long) map(LEASES, core).getOrDefault(slot, 0L);
    }

    /** Returns the ids of the calls that came back. */
    static List<Object> returned(RouterCore core) {
        return List.copyOf(map(RETURNED, core).keySet());
    }

    /** Returns the ids of the calls that wait for the first time. */
    static List<Object> queue(RouterCore core) {
        return List.copyOf(map(QUEUE, core).keySet());
    }

    static boolean waits(RouterCore core, long call) {
        return map(RETURNED, core).containsKey(call) || map(QUEUE, core).containsKey(call);
    }

    @SuppressWarnings("unchecked") // The fields above are maps; what is in them is only passed on.
    private static Map<Object, Object> map(Field field, RouterCore core) {
        try {
            return (Map<Object, Object>) field.get(core);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    private static Field field(String name) {
        try {
            Field field = RouterCore.class.getDeclaredField(name);
            field.setAccessible(true);
            return field;
        } catch (NoSuchFieldException e) {
            throw new AssertionError("the router's core has changed", e);
        }
    }
}
