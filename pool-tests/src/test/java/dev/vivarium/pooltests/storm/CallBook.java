package dev.vivarium.pooltests.storm;

import dev.vivarium.protocol.Execution;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** The callers' side of the record: every call that was made, and every outcome that came. Thread-safe. */
final class CallBook {

    /** One call. */
    static final class Entry {
        private final int number;
        private final String token;
        private final boolean retrySafe;
        private final boolean doomed;
        private final Duration deadline;
        private final long begun = System.nanoTime();
        private int outcomes;
        private boolean ok;
        private String reply = "";
        private String error = "";
        private Execution execution = Execution.RAN;
        private int attempts;
        private Duration took = Duration.ZERO;

        private Entry(int number, String token, boolean retrySafe, boolean doomed, Duration deadline) {
            this.number = number;
            this.token = token;
            this.retrySafe = retrySafe;
            this.doomed = doomed;
            this.deadline = deadline;
        }

        int number() {
            return number;
        }

        String token() {
            return token;
        }

        boolean retrySafe() {
            return retrySafe;
        }

        /** Returns whether the call carries a fault that makes it hang until its deadline. */
        boolean doomed() {
            return doomed;
        }

        Duration deadline() {
            return deadline;
        }

        /** Returns how long ago the call was made. */
        Duration age() {
            return Duration.ofNanos(System.nanoTime() - begun);
        }

        synchronized int outcomes() {
            return outcomes;
        }

        synchronized boolean ok() {
            return ok;
        }

        synchronized boolean answeredRightly() {
            return ok && reply.equals(token);
        }

        synchronized String error() {
            return error;
        }

        synchronized Execution execution() {
            return execution;
        }

        synchronized int attempts() {
            return attempts;
        }

        synchronized Duration took() {
            return took;
        }

        /** The call ended with a reply. */
        synchronized void answered(String with, int sent, Duration after) {
            outcomes++;
            ok = true;
            reply = with;
            attempts = sent;
            took = after;
        }

        /** The call ended with an error. */
        synchronized void failed(String type, Execution what, int sent, Duration after) {
            outcomes++;
            ok = false;
            error = type;
            execution = what;
            attempts = sent;
            took = after;
        }

        @Override
        public synchronized String toString() {
            return "call " + token + (retrySafe ? ", retry-safe" : "") + ": " + outcomes + " outcomes"
                    + (ok ? ", reply " + reply : outcomes == 0 ? "" : ", " + error + " " + execution) + ", sent "
                    + attempts + " times, took " + took;
        }
    }

    private final long seed;
    private final List<Entry> entries = new ArrayList<>();
    private final Set<Long> open = ConcurrentHashMap.newKeySet();

    CallBook(long seed) {
        this.seed = seed;
    }

    /** A call is about to be made that bears no fault. */
    Entry begin(boolean retrySafe, Duration deadline) {
        return begin(retrySafe, false, deadline);
    }

    /** A call is about to be made. */
    synchronized Entry begin(boolean retrySafe, boolean doomed, Duration deadline) {
        Entry entry = new Entry(entries.size(), token(entries.size()), retrySafe, doomed, deadline);
        entries.add(entry);
        return entry;
    }

    /** The pool has given a call a number. */
    void opened(long callId) {
        open.add(callId);
    }

    /** The call of that number has ended for its caller. */
    void closed(long callId) {
        open.remove(callId);
    }

    boolean isOpen(long callId) {
        return open.contains(callId);
    }

    /** What a call carries and its reply must be: nothing that another call, or a broken worker, could say by chance. */
    String token(int number) {
        long mixed = (seed + number) * 0x9E3779B97F4A7C15L;
        return number + "-" + Long.toHexString(mixed ^ (mixed >>> 29));
    }

    synchronized List<Entry> entries() {
        return List.copyOf(entries);
    }

    long answered() {
        return entries().stream().filter(Entry::answeredRightly).count();
    }

    /** Counts the failed calls by what their callers got. */
    Map<String, Integer> errors() {
        Map<String, Integer> counts = new TreeMap<>();
        entries().stream()
                .filter(entry -> entry.outcomes() > 0 && !entry.ok())
                .forEach(entry -> counts.merge(
                        entry.error() + " " + entry.execution() + (entry.retrySafe() ? ", retry-safe" : ""),
                        1,
                        Integer::sum));
        return counts;
    }

    /** Returns how long answered calls took, as text. */
    String latencies() {
        return latencies(entries().stream()
                .filter(Entry::ok)
                .mapToLong(entry -> entry.took().toNanos())
                .toArray());
    }

    /** Returns quantiles of times in nanoseconds as text. */
    static String latencies(long[] nanos) {
        if (nanos.length == 0) {
            return "none";
        }
        Arrays.sort(nanos);
        return String.format(
                Locale.ROOT,
                "p50 %.1f ms, p99 %.1f ms, max %.1f ms (n = %,d)",
                quantile(nanos, 0.5),
                quantile(nanos, 0.99),
                nanos[nanos.length - 1] / 1e6,
                nanos.length);
    }

    /** Returns a quantile of sorted times in nanoseconds, by nearest rank, in milliseconds. */
    static double quantile(long[] sorted, double share) {
        int rank = (int) Math.ceil(share * sorted.length);
        return sorted[Math.max(0, rank - 1)] / 1e6;
    }
}
