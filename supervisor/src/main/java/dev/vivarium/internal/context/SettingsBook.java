package dev.vivarium.internal.context;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The settings in force, oldest first, and how far each worker has come with them. Outlives the pool's actors. Thread-safe.
 *
 * <p>Only the router changes what is in force. How far a worker has come is written by its slot until it is ready, and from then
 * on by the router.
 */
public final class SettingsBook {

    private record Progress(int incarnation, long revision) {}

    private final Map<Integer, Progress> progress = new ConcurrentHashMap<>();
    private volatile List<Setting> inForce = List.of();
    private volatile long lastRevision;

    /** Returns the settings in force, oldest first. */
    public List<Setting> inForce() {
        return inForce;
    }

    /** Returns the revision for the next setting. */
    public synchronized long nextRevision() {
        return ++lastRevision;
    }

    /** Puts a setting in force, in place of that of its name. */
    public synchronized void keep(Setting setting) {
        List<Setting> next = without(setting.name());
        next.add(setting);
        inForce = List.copyOf(next);
    }

    /** Forgets a setting; returns whether there was one. */
    public synchronized boolean forget(String name) {
        List<Setting> next = without(name);
        boolean there = next.size() < inForce.size();
        inForce = List.copyOf(next);
        return there;
    }

    private List<Setting> without(String name) {
        List<Setting> others = new ArrayList<>(inForce);
        others.removeIf(setting -> setting.name().equals(name));
        return others;
    }

    /** Notes that a worker has answered a setting. */
    public void applied(int slot, int incarnation, long revision) {
        progress.put(slot, new Progress(incarnation, revision));
    }

    /** Returns the next setting that a worker has to answer, or null when it has answered all. */
    public @Nullable Setting next(int slot, int incarnation) {
        List<Setting> all = inForce;
        if (all.isEmpty()) {
            return null;
        }
        Progress known = progress.get(slot);
        long done = known == null || known.incarnation() != incarnation ? 0 : known.revision();
        for (Setting setting : all) {
            if (setting.revision() > done) {
                return setting;
            }
        }
        return null;
    }

    /** The pool that used it has ended, or starts anew: its workers are gone. */
    public void workersGone() {
        progress.clear();
    }
}
