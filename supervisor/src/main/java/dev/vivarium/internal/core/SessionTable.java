package dev.vivarium.internal.core;

import dev.vivarium.internal.core.LossDebt.Stage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The sessions that are bound to a worker or have calls: whose turn it is, which worker has which state, and for how long.
 * Deterministic, without a clock of its own. Not thread-safe.
 *
 * <p>A binding names a slot, the incarnation in it, and an epoch that rises from binding to binding of a session. The worker's copy of the state is
 * believed in only from a good answer until the next call leaves: any other end of a call makes the next one bring the state.
 */
public final class SessionTable {

    /** How a call found its session. */
    public enum Kind {
        /** The session was bound to no worker. */
        FIRST,
        /** The call goes to the worker that the session is bound to. */
        HIT,
        /** The session has moved to this call's worker. */
        MOVED,
        /** The call goes to another worker, and the session stays where it is. */
        VISIT
    }

    /**
     * What is known of the stored session.
     *
     * @param revision of what is stored, 0 for nothing
     * @param version of the state
     * @param epoch of the binding in which it was written
     * @param resident whether it has something in its worker that cannot travel
     */
    public record Known(long revision, long version, long epoch, boolean resident) {}

    /**
     * How a call leaves.
     *
     * @param cached whether the worker has the state
     */
    public record Departure(Kind kind, boolean cached, Known known) {}

    /**
     * A binding that has ended.
     *
     * @param resident whether the session has something in that worker
     */
    public record Unbound(String session, int slot, int incarnation, boolean expired, boolean resident) {}

    private static final class Binding {
        private int slot;
        private int incarnation;
        private long epoch;
        // In which the stored session was written, so that a resident thing of an earlier binding is not believed to be
        // here.
        private long writtenIn;
        private long revision;
        private long version;
        private long written;
        private long used;
        private long holder;
        private int visitors;
        private boolean known;
        private boolean cached;
        private boolean resident;
        private @Nullable ArrayDeque<Long> queue;
        private @Nullable LossDebt debt;

        private boolean isEmpty() {
            return mayEnd() && slot == 0;
        }

        // A loss that was told to nobody is in no other place than here.
        private boolean mayEnd() {
            return isIdle() && (debt == null || !debt.isOpen());
        }

        private boolean isIdle() {
            return holder == 0 && visitors == 0;
        }
    }

    // In the order of their last use: what has expired is at the front.
    private final LinkedHashMap<String, Binding> bindings = new LinkedHashMap<>(16, 0.75f, true);
    private final long ttl;
    private final int capacity;
    // The highest epoch of those bindings of which nothing is known any more.
    private long lastEpoch;

    /**
     * Creates an empty table.
     *
     * @param ttl how long a binding lasts without use
     * @param capacity how many sessions there may be at a time
     */
    public SessionTable(Duration ttl, int capacity) {
        this.ttl = ttl.toNanos();
        this.capacity = capacity;
    }

    /** Returns how many sessions are bound or have calls. */
    public int size() {
        return bindings.size();
    }

    /**
     * Makes room for a session.
     *
     * @return the binding that gave way, or null when none had to
     * @throws IllegalStateException when every session has calls, or a loss that is to be told
     */
    public @Nullable Unbound makeRoom(String session) {
        if (bindings.size() < capacity || bindings.containsKey(session)) {
            return null;
        }
        for (Map.Entry<String, Binding> oldest : bindings.entrySet()) {
            if (oldest.getValue().mayEnd()) {
                Unbound gone = ended(oldest.getKey(), oldest.getValue(), true);
                remove(gone.session());
                return gone;
            }
        }
        throw new IllegalStateException("all of " + capacity + " sessions have calls, or a loss that is to be told");
    }

    /**
     * A call arrives.
     *
     * @param concurrent whether it does not wait for others
     * @return whether it may go now; if not, it is named by {@link #leave} when it may
     */
    public boolean arrive(String session, long callId, boolean concurrent, long now) {
        Binding binding = bindings.computeIfAbsent(session, name -> new Binding());
        binding.used = now;
        if (concurrent) {
            binding.visitors++;
            return true;
        }
        if (binding.holder == 0) {
            binding.holder = callId;
            return true;
        }
        if (binding.queue == null) {
            binding.queue = new ArrayDeque<>();
        }
        binding.queue.add(callId);
        return false;
    }

    /**
     * A call has ended, wherever it was.
     *
     * @return the call that may go now, 0 when there is none
     */
    public long leave(String session, long callId, boolean concurrent, long now) {
        Binding binding = bindings.get(session);
        if (binding == null) {
            return 0;
        }
        binding.used = now;
        if (concurrent) {
            binding.visitors--;
        } else if (binding.holder != callId) {
            if (binding.queue != null) {
                binding.queue.remove(callId);
            }
            return 0;
        } else {
            Long next = binding.queue == null ? null : binding.queue.poll();
            binding.holder = next == null ? 0 : next;
            if (next != null) {
                return next;
            }
            binding.queue = null;
        }
        if (binding.isEmpty()) {
            remove(session);
        }
        return 0;
    }

    /** Returns the call whose turn it is, 0 when there is none. */
    public long holder(String session) {
        Binding binding = bindings.get(session);
        return binding == null ? 0 : binding.holder;
    }

    /** Returns how many calls there are that do not wait for their turn. */
    public int visitors(String session) {
        Binding binding = bindings.get(session);
        return binding == null ? 0 : binding.visitors;
    }

    /** Returns the slot that a session is bound to, 0 when it is bound to none. */
    public int slot(String session) {
        Binding binding = bindings.get(session);
        return binding == null ? 0 : binding.slot;
    }

    /** Returns the epoch of a session's binding, 0 when nothing is known of it. */
    public long epoch(String session) {
        Binding binding = bindings.get(session);
        return binding == null ? 0 : binding.epoch;
    }

    /** Returns whether a worker has the state of a session, so that nothing needs to be fetched. */
    public boolean isCached(String session, int slot, int incarnation) {
        Binding binding = bindings.get(session);
        return binding != null && binding.cached && binding.slot == slot && binding.incarnation == incarnation;
    }

    /** Returns when the session was written last; now when nothing is stored. */
    public long written(String session, long now) {
        Binding binding = bindings.get(session);
        return binding != null && binding.revision > 0 ? binding.written : now;
    }

    /**
     * The stored session was read.
     *
     * @param written when it was stored
     * @return whether it is older than what was written: then something was lost
     */
    public boolean read(String session, Known stored, long written) {
        Binding binding = bindings.get(session);
        if (binding == null) {
            return false;
        }
        boolean lost = binding.known && stored.revision() < binding.revision;
        if (!binding.known || stored.revision() != binding.revision) {
            binding.cached = false;
            binding.written = written;
        }
        binding.known = true;
        binding.revision = stored.revision();
        binding.version = stored.version();
        binding.epoch = Math.max(binding.epoch, stored.epoch());
        binding.writtenIn = stored.epoch();
        binding.resident = stored.resident();
        return lost;
    }

    /** Returns whether a session has something in its worker that cannot travel. */
    public boolean isResident(String session) {
        Binding binding = bindings.get(session);
        return binding != null && binding.resident;
    }

    /** Returns whether a session has something in this very worker that cannot travel. */
    public boolean isResident(String session, int slot, int incarnation) {
        return isResident(session) && !losesResident(session, slot, incarnation);
    }

    /** Returns whether the session would lose something if its next call went to this worker. */
    public boolean losesResident(String session, int slot, int incarnation) {
        Binding binding = bindings.get(session);
        return binding != null
                && binding.resident
                && (binding.slot != slot || binding.incarnation != incarnation || binding.writtenIn != binding.epoch);
    }

    /** A call leaves for a worker; binds the session to it, unless another call has it elsewhere. */
    public Departure depart(String session, int slot, int incarnation, boolean concurrent, boolean elsewhereAlive) {
        Binding binding = bindings.computeIfAbsent(session, name -> new Binding());
        boolean here = binding.slot == slot && binding.incarnation == incarnation;
        Kind kind = here
                ? Kind.HIT
                : binding.slot == 0 ? Kind.FIRST : concurrent && elsewhereAlive ? Kind.VISIT : Kind.MOVED;
        boolean cached = here && binding.cached;
        if (kind == Kind.FIRST || kind == Kind.MOVED) {
            binding.slot = slot;
            binding.incarnation = incarnation;
            // What is forgotten of a session includes its epoch, where nothing was stored: no epoch is to come again.
            binding.epoch = 1 + (kind == Kind.FIRST ? Math.max(binding.epoch, lastEpoch) : binding.epoch);
        }
        binding.cached = false; // Until it answers well; a visit may change what the worker of the binding has.
        return new Departure(
                kind, cached, new Known(binding.revision, binding.version, binding.epoch, binding.resident));
    }

    /**
     * A call was answered well, and what it changed is stored.
     *
     * @param written whether anything was stored
     * @param concurrent whether it is a call that does not wait for others
     */
    public void kept(
            String session, int slot, int incarnation, Known known, boolean written, boolean concurrent, long now) {
        Binding binding = bindings.get(session);
        if (binding == null || known.revision() < binding.revision) {
            return;
        }
        binding.revision = known.revision();
        binding.version = known.version();
        binding.resident = known.resident();
        binding.writtenIn = written ? known.epoch() : binding.writtenIn;
        binding.known = true;
        // While there are concurrent calls, one of them may be changing the state elsewhere.
        boolean alone = binding.visitors <= (concurrent ? 1 : 0);
        boolean here = binding.slot == slot && binding.incarnation == incarnation;
        binding.cached = alone && here && binding.epoch == known.epoch();
        if (here && binding.debt != null && binding.debt.stage() == Stage.PERHAPS) {
            binding.debt = null; // Its worker has made anew what could not be opened before.
        }
        if (written) {
            binding.written = now;
        }
    }

    /** A call was not answered well: its worker may have anything. What is stored is not known either, if writing failed. */
    public void dropped(String session, boolean storeUnknown) {
        Binding binding = bindings.get(session);
        if (binding != null) {
            binding.cached = false;
            binding.known &= !storeUnknown;
        }
    }

    /** A loss is found, and is about to be stored: till that has ended its session is not forgotten. */
    public void lossFound(String session, long epoch) {
        news(session, new LossDebt(epoch, Stage.FOUND));
    }

    /** Storing a loss has failed, as far as is known: it is owed if it turns out to be stored. */
    public void lossUnknown(String session, long epoch) {
        news(session, new LossDebt(epoch, Stage.PERHAPS));
    }

    /** A loss is not stored, because the session was written meanwhile: it will be found again if it is still there. */
    public void lossNotStored(String session) {
        Binding binding = bindings.get(session);
        if (binding != null && binding.debt != null && binding.debt.stage() == Stage.FOUND) {
            binding.debt = null;
        }
    }

    /** A loss is known, and there is no call to be told of it: the next one is. */
    public void owe(String session, long epoch) {
        bindings.computeIfAbsent(session, name -> new Binding()).debt = new LossDebt(epoch, Stage.CERTAIN);
    }

    /** A call is told of a loss. */
    public void lossTold(String session, long epoch) {
        news(session, new LossDebt(epoch, Stage.TOLD));
    }

    private void news(String session, LossDebt news) {
        Binding binding = bindings.computeIfAbsent(session, name -> new Binding());
        binding.debt = LossDebt.after(binding.debt, news);
    }

    /**
     * A loss that has been told to nobody.
     *
     * @param certain whether it was known before
     */
    public record Owed(long epoch, boolean certain) {}

    /**
     * Returns the loss that has been told to nobody, once; null without one.
     *
     * @param resident whether the session, as it is stored, has something in its worker
     */
    public @Nullable Owed takeOwed(String session, boolean resident) {
        Binding binding = bindings.get(session);
        LossDebt debt = binding == null ? null : binding.debt;
        if (binding == null || debt == null || !debt.isDue(resident)) {
            return null;
        }
        binding.debt = new LossDebt(debt.epoch(), Stage.TOLD);
        return new Owed(debt.epoch(), debt.stage() == Stage.CERTAIN);
    }

    /** Nothing is stored any more, or something else; what was known is forgotten. */
    public void forgotten(String session) {
        Binding binding = bindings.get(session);
        if (binding != null) {
            binding.known = false;
            binding.cached = false;
            binding.resident = false;
            binding.revision = 0;
            binding.version = 0;
        }
    }

    /** Ends a binding; null when there is none. The session stays as long as it has calls. */
    public @Nullable Unbound unbind(String session) {
        Binding binding = bindings.get(session);
        if (binding == null || binding.slot == 0) {
            return null;
        }
        Unbound gone = ended(session, binding, false);
        binding.slot = 0;
        binding.incarnation = 0;
        binding.cached = false;
        if (binding.isEmpty()) {
            remove(session);
        }
        return gone;
    }

    /**
     * Binds a session to another worker; its next call brings the state there.
     *
     * @return the binding before, or null when the session was not bound or is there already
     */
    public @Nullable Unbound move(String session, int slot, int incarnation) {
        Binding binding = bindings.get(session);
        if (binding == null || binding.slot == 0 || (binding.slot == slot && binding.incarnation == incarnation)) {
            return null;
        }
        Unbound gone = ended(session, binding, false);
        binding.slot = slot;
        binding.incarnation = incarnation;
        binding.cached = false;
        binding.epoch++;
        return gone;
    }

    /** Returns the sessions bound to a slot, those that can travel only or all. */
    public List<String> boundTo(int slot, boolean travelling) {
        List<String> found = new ArrayList<>();
        bindings.forEach((session, binding) -> {
            if (binding.slot == slot && !(travelling && binding.resident)) {
                found.add(session);
            }
        });
        return found;
    }

    /** Returns how many sessions each slot has. */
    public Map<Integer, Integer> load() {
        Map<Integer, Integer> load = new HashMap<>();
        bindings.values().forEach(binding -> {
            if (binding.slot != 0) {
                load.merge(binding.slot, 1, Integer::sum);
            }
        });
        return load;
    }

    /**
     * Ends bindings that were not used for as long as they last.
     *
     * @param most how many to look at, so that one sweep does not take long
     * @return those ended; as many as {@code most} when there may be more
     */
    public List<Unbound> expire(long now, int most) {
        List<Unbound> expired = new ArrayList<>();
        List<String> busy = new ArrayList<>();
        for (Map.Entry<String, Binding> oldest : bindings.entrySet()) {
            if (now - oldest.getValue().used < ttl || expired.size() + busy.size() == most) {
                break;
            }
            if (oldest.getValue().mayEnd()) {
                expired.add(ended(oldest.getKey(), oldest.getValue(), true));
            } else {
                busy.add(oldest.getKey());
            }
        }
        expired.forEach(gone -> remove(gone.session()));
        for (String session : busy) {
            Binding binding = bindings.get(session); // Which also puts it at the end.
            if (binding != null) {
                binding.used = now;
            }
        }
        return expired;
    }

    private void remove(String session) {
        Binding gone = bindings.remove(session);
        if (gone != null) {
            lastEpoch = Math.max(lastEpoch, gone.epoch);
        }
    }

    private static Unbound ended(String session, Binding binding, boolean expired) {
        return new Unbound(session, binding.slot, binding.incarnation, expired, binding.resident);
    }
}
