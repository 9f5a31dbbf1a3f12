package dev.vivarium.internal.core.model;

import dev.vivarium.internal.core.RouterCore;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Copies a {@link RouterCore} and looks into it. The core keeps its state to itself, as it should, and exploration needs a
 * state of its own for each branch. A core whose state is more than these maps makes this fail, rather than miss something.
 */
final class RouterState {

    private static final VarHandle IDLE = map("idle");
    private static final VarHandle PROBES = map("probes");
    private static final VarHandle LEASES = map("leasesGiven");
    private static final VarHandle RETURNED = map("returned");
    private static final VarHandle QUEUE = map("queue");
    private static final VarHandle PREFERRED = map("preferred");
    private static final int COPIED = 6;

    /** Calls of sessions, which no pool of the model has; {@code SessionExplorationTest} is about those. */
    private static final int NOT_COPIED = 1;

    static {
        long fields = Arrays.stream(RouterCore.class.getDeclaredFields())
                .filter(f -> !f.isSynthetic() && !java.lang.reflect.Modifier.isStatic(f.getModifiers()))
                .count();
        if (fields != COPIED + NOT_COPIED) {
            throw new AssertionError("the router's core has state that a copy would miss");
        }
    }

    private RouterState() {}

    static RouterCore copy(RouterCore core) {
        RouterCore copy = new RouterCore();
        if (core.waiting() != map(QUEUE, core).size() + map(RETURNED, core).size()) {
            throw new AssertionError("a call is held, which a copy would miss");
        }
        // One by one and not in a loop: only a handle that is a constant is fast.
        put(map(IDLE, core), map(IDLE, copy));
        put(map(PROBES, core), map(PROBES, copy));
        put(map(LEASES, core), map(LEASES, copy));
        put(map(RETURNED, core), map(RETURNED, copy));
        put(map(QUEUE, core), map(QUEUE, copy));
        put(map(PREFERRED, core), map(PREFERRED, copy));
        return copy;
    }

    private static void put(Map<Object, Object> from, Map<Object, Object> to) {
        if (!from.isEmpty()) {
            to.putAll(from);
        }
    }

    /** Returns the idle workers in the order in which they were offered. */
    static Collection<Object> idle(RouterCore core) {
        return map(IDLE, core).values();
    }

    /** Returns the degraded workers that may be tried, in the order in which they were offered. */
    static Collection<Object> probes(RouterCore core) {
        return map(PROBES, core).values();
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
    private static Map<Object, Object> map(VarHandle field, RouterCore core) {
        return (Map<Object, Object>) field.get(core);
    }

    private static VarHandle map(String name) {
        try {
            Field field = RouterCore.class.getDeclaredField(name);
            return MethodHandles.privateLookupIn(RouterCore.class, MethodHandles.lookup())
                    .unreflectVarHandle(field);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("the router's core has changed", e);
        }
    }
}
