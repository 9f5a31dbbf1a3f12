package dev.vivarium.pooltests;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Checks that the increments of sessions could have been made one after the other, in an order that agrees with what their
 * callers were told and when. Thread-safe while it is written.
 */
final class SessionHistory {

    /**
     * An increment that was answered.
     *
     * @param begun when it was asked for, on a clock that counts beginnings and answers
     * @param answered when it was answered
     * @param value what the counter was said to be
     */
    record Answered(String session, long begun, long answered, int value) {}

    private final AtomicLong clock = new AtomicLong();
    private final ConcurrentLinkedQueue<Answered> answers = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<String> unanswered = new ConcurrentLinkedQueue<>();

    long begin() {
        return clock.incrementAndGet();
    }

    void answered(String session, long begun, int value) {
        answers.add(new Answered(session, begun, clock.incrementAndGet(), value));
    }

    /** An increment ended with an error of which nobody knows whether it was made. */
    void unknown(String session) {
        unanswered.add(session);
    }

    void add(Answered answer) {
        answers.add(answer);
    }

    /**
     * Compares.
     *
     * @param finals what the counters are in the end
     * @return what does not fit, in sentences
     */
    List<String> check(Map<String, Integer> finals) {
        List<String> findings = new ArrayList<>();
        Map<String, List<Answered>> bySession = new TreeMap<>();
        answers.forEach(answer -> bySession
                .computeIfAbsent(answer.session(), session -> new ArrayList<>())
                .add(answer));
        Map<String, Integer> open = new HashMap<>();
        unanswered.forEach(session -> open.merge(session, 1, Integer::sum));
        finals.forEach((session, value) -> {
            List<Answered> of = bySession.getOrDefault(session, List.of());
            int most = of.size() + open.getOrDefault(session, 0);
            if (value < of.size()) {
                findings.add(session + ": " + of.size() + " increments were answered and the counter is " + value
                        + ": a commit was lost");
            } else if (value > most) {
                findings.add(session + ": " + most + " increments were made and the counter is " + value
                        + ": one was committed twice");
            }
            checkOrder(session, of, value, findings);
        });
        return findings;
    }

    private static void checkOrder(String session, List<Answered> answers, int last, List<String> findings) {
        List<Answered> byValue = new ArrayList<>(answers);
        byValue.sort(Comparator.comparingInt(Answered::value));
        long latestBegun = 0;
        for (int i = 0; i < byValue.size(); i++) {
            Answered answer = byValue.get(i);
            if (i > 0 && byValue.get(i - 1).value() == answer.value()) {
                findings.add(session + ": two increments were told " + answer.value() + ": a stale read");
            }
            if (answer.value() < 1 || answer.value() > last) {
                findings.add(session + ": an increment was told " + answer.value() + " of " + last);
            }
            if (answer.answered() < latestBegun) {
                findings.add(session + ": " + answer.value() + " was answered before a lower value was asked for");
            }
            latestBegun = Math.max(latestBegun, answer.begun());
        }
    }
}
