package dev.vivarium.testkit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What callers of sessions asked for and were told, and whether it could have happened. Each session is taken for a counter,
 * which begins at 0, is incremented by one, and is read. A history is right when the operations of each session can be put
 * into one order that agrees with every answer and with time: what was answered before another began comes before it. An
 * increment of which nobody knows whether it was made may stand anywhere after its beginning, or nowhere.
 *
 * <p>Every fault is found for which there is no such order, and none else. Time is counted in ticks, so that a history can be
 * put together from what several processes have written down. Thread-safe.
 *
 * <pre>{@code
 * long begun = history.begin();
 * try {
 *     history.incremented("s", begun, pool.session("s").call(COUNT).await());
 * } catch (PoolException e) {
 *     history.unknown("s", begun);
 * }
 * ...
 * assertThat(history.check()).isEmpty();
 * }</pre>
 */
public final class SessionHistory {

    /** The end of an operation that was never answered. */
    public static final long NEVER = Long.MAX_VALUE;

    /** What an operation was. */
    public enum Kind {
        /** One was added; the answer is the sum. */
        INCREMENT,
        /** Nothing was changed; the answer is the counter. */
        READ
    }

    /** What is wrong with a history. */
    public enum Fault {
        /** An increment was answered, and later increments, or the last read, do not know of it. */
        LOST_COMMIT,
        /** The counter is higher than the increments that were asked for can make it. */
        DOUBLED_COMMIT,
        /** A read was told less than had been answered before it began; later operations know better. */
        STALE_READ,
        /** An answer was given before that which it depends on was asked for. */
        EARLY_ANSWER
    }

    /**
     * An operation.
     *
     * @param begun the tick at which it was asked for
     * @param ended the tick at which it was answered, {@link #NEVER} if nobody knows whether it was made
     * @param value the answer; of no meaning if there was none
     */
    public record Operation(String session, Kind kind, long begun, long ended, long value) {}

    /**
     * What was found.
     *
     * @param what a sentence with the values
     */
    public record Finding(String session, Fault fault, String what) {
        /** Returns session, fault and sentence. */
        @Override
        public String toString() {
            return session + ": " + fault + ": " + what;
        }
    }

    // Where an operation stands in the only order that its answer allows: a read stands behind the increment it has
    // seen.
    // Reads of one value may stand in any order, that of their beginnings agrees with time.
    private static final Comparator<Operation> PLACE = Comparator.comparingLong(Operation::value)
            .thenComparing(Operation::kind)
            .thenComparingLong(Operation::begun);

    private final AtomicLong ticks = new AtomicLong();
    private final ConcurrentLinkedQueue<Operation> operations = new ConcurrentLinkedQueue<>();

    /** Creates an empty history. */
    public SessionHistory() {}

    /** Returns the tick of an operation that is about to be asked for. */
    public long begin() {
        return ticks.incrementAndGet();
    }

    /** An increment was answered just now. */
    public void incremented(String session, long begun, long value) {
        add(new Operation(session, Kind.INCREMENT, begun, ticks.incrementAndGet(), value));
    }

    /** A read was answered just now. */
    public void read(String session, long begun, long value) {
        add(new Operation(session, Kind.READ, begun, ticks.incrementAndGet(), value));
    }

    /** An increment ended otherwise, and may have been made or may still be. One that was surely not made is left out. */
    public void unknown(String session, long begun) {
        add(new Operation(session, Kind.INCREMENT, begun, NEVER, 0));
    }

    /** Adds an operation that was written down elsewhere. */
    public void add(Operation operation) {
        operations.add(operation);
    }

    /** Returns how many operations there are. */
    public int size() {
        return operations.size();
    }

    /** Returns what is wrong, session by session; empty when all of it could have happened. */
    public List<Finding> check() {
        Map<String, List<Operation>> sessions = new TreeMap<>();
        operations.forEach(operation -> sessions.computeIfAbsent(operation.session(), session -> new ArrayList<>())
                .add(operation));
        List<Finding> findings = new ArrayList<>();
        sessions.forEach((session, all) -> new Check(session, all, findings).run());
        return findings;
    }

    /** The check of one session. */
    private static final class Check {
        private final String session;
        private final List<Operation> told = new ArrayList<>();
        private final List<Operation> unknown = new ArrayList<>();
        private final List<Finding> findings;

        Check(String session, List<Operation> all, List<Finding> findings) {
            this.session = session;
            this.findings = findings;
            for (Operation operation : all) {
                (operation.ended() == NEVER ? unknown : told).add(operation);
            }
            told.sort(PLACE);
            unknown.sort(Comparator.comparingLong(Operation::begun));
        }

        void run() {
            checkPlaces();
            checkTime();
            checkGaps();
        }

        private void found(Fault fault, String what) {
            findings.add(new Finding(session, fault, what));
        }

        /** Each increment has a place of its own, from 1. */
        private void checkPlaces() {
            Operation before = null;
            for (Operation now : told) {
                if (now.kind() == Kind.INCREMENT) {
                    if (before != null && before.value() == now.value()) {
                        found(Fault.LOST_COMMIT, "two increments were told " + now.value());
                    } else if (now.value() < 1) {
                        found(Fault.LOST_COMMIT, "an increment was told " + now.value());
                    }
                    before = now;
                }
            }
        }

        /** Nothing began after what stands behind it was answered. */
        private void checkTime() {
            Operation latest = null; // Of those that stand before: the one that began last.
            for (Operation now : told) {
                if (latest != null && now.ended() < latest.begun()) {
                    tooLittle(latest, now);
                }
                if (latest == null || now.begun() > latest.begun()) {
                    latest = now;
                }
            }
        }

        /** An operation was told less than what had been answered before it began. */
        private void tooLittle(Operation late, Operation known) {
            if (late.kind() == Kind.READ && isKnownLater(known, late)) {
                found(
                        Fault.STALE_READ,
                        "a read was told " + late.value() + " after " + known.value() + " was answered");
            } else if (late.kind() == Kind.READ) {
                found(
                        Fault.LOST_COMMIT,
                        known.value() + " was answered, a later read was told " + late.value()
                                + ", and nothing after it knows better");
            } else if (unknown.isEmpty() && isUnique(late.value())) {
                // Each increment has its place, but not in this order.
                found(
                        Fault.EARLY_ANSWER,
                        known.value() + " was answered before the increment that was told " + late.value()
                                + " had begun");
            } else {
                found(
                        Fault.LOST_COMMIT,
                        known.value() + " was answered, and an increment that began later was told " + late.value());
            }
        }

        private boolean isUnique(long value) {
            return told.stream()
                            .filter(other -> other.kind() == Kind.INCREMENT && other.value() == value)
                            .count()
                    == 1;
        }

        /** Returns whether anything that began after a read knows of what the read does not. */
        private boolean isKnownLater(Operation known, Operation read) {
            return told.stream()
                    .anyMatch(other -> other.begun() > read.ended()
                            && other.value() >= known.value() + (other.kind() == Kind.INCREMENT ? 1 : 0));
        }

        /** Places that no answered increment has are those of increments of which nobody knows, each begun in time. */
        private void checkGaps() {
            long[] inTime = new long[told.size() + 1]; // From a place on: the earliest answer.
            inTime[told.size()] = NEVER;
            for (int i = told.size() - 1; i >= 0; i--) {
                inTime[i] = Math.min(inTime[i + 1], told.get(i).ended());
            }
            int spare = 0;
            long place = 1;
            for (int i = 0; i < told.size(); i++) {
                Operation now = told.get(i);
                long gapUntil = now.value() - (now.kind() == Kind.INCREMENT ? 1 : 0);
                for (; place <= gapUntil; place++) {
                    if (spare == unknown.size() || unknown.get(spare).begun() > inTime[i]) {
                        found(
                                spare == unknown.size() ? Fault.DOUBLED_COMMIT : Fault.EARLY_ANSWER,
                                now.value() + " was answered, and no increment that was asked for by then made it "
                                        + place);
                        place = gapUntil + 1;
                        break;
                    }
                    spare++;
                }
                place = Math.max(place, now.value() + 1);
            }
        }
    }
}
