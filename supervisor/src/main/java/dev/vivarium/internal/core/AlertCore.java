package dev.vivarium.internal.core;

import dev.vivarium.Alert;
import dev.vivarium.AlertPolicy;
import dev.vivarium.Circuit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Decides when to raise an alarm. Not thread-safe. */
public final class AlertCore {

    private final AlertPolicy policy;
    private final Map<Alert.Kind, Long> last = new EnumMap<>(Alert.Kind.class);
    private Set<Circuit> known = Set.of();

    /** Creates the core. */
    public AlertCore(AlertPolicy policy) {
        this.policy = policy;
    }

    /** Looks at the numbers. */
    public List<Alert> look(long calls, long failed, List<Circuit> open, long now) {
        if (!policy.enabled()) {
            return List.of();
        }
        List<Alert> alerts = new ArrayList<>();
        double rate = calls == 0 ? 0 : (double) failed / calls;
        if (calls >= policy.minCalls() && rate >= policy.errorRate() && mayTell(Alert.Kind.HIGH_ERROR_RATE, now)) {
            alerts.add(new Alert(
                    Alert.Kind.HIGH_ERROR_RATE,
                    rate,
                    policy.errorRate(),
                    String.format(
                            Locale.ROOT,
                            "%d of %d calls failed within %s: %.0f %%, the limit is %.0f %%",
                            failed,
                            calls,
                            policy.window(),
                            100 * rate,
                            100 * policy.errorRate())));
        }
        for (Circuit circuit : open) {
            if (!known.contains(circuit)) {
                alerts.add(new Alert(
                        Alert.Kind.CIRCUIT_OPENED, 1, 1, "the circuit breaker of " + circuit + " has opened"));
            }
        }
        known = Set.copyOf(open);
        if (open.size() >= policy.openCircuits() && mayTell(Alert.Kind.MANY_CIRCUITS_OPEN, now)) {
            alerts.add(new Alert(
                    Alert.Kind.MANY_CIRCUITS_OPEN,
                    open.size(),
                    policy.openCircuits(),
                    open.size() + " circuit breakers are open, the limit is " + policy.openCircuits()));
        }
        return alerts;
    }

    private boolean mayTell(Alert.Kind kind, long now) {
        Long before = last.get(kind);
        if (before != null && now - before < policy.cooldown().toNanos()) {
            return false;
        }
        last.put(kind, now);
        return true;
    }
}
