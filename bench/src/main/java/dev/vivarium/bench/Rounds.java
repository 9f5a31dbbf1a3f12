package dev.vivarium.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Measures subjects in turns, a few calls each: whatever the machine does meanwhile befalls all of them. Each second round goes
 * backwards (A B, B A), so that none always follows the same one.
 */
final class Rounds {

    private final Map<Samples, Subject> subjects = new LinkedHashMap<>();
    private final Progress progress;

    Rounds(Progress progress) {
        this.progress = progress;
    }

    Samples add(String name, Subject subject) {
        Samples samples = new Samples(name);
        subjects.put(samples, subject);
        return samples;
    }

    /**
     * Calls each subject as often as is asked for, or a few times less: rounds are even in number and of equal length. First to
     * warm up, of which nothing is kept.
     *
     * @param inARow calls of one subject in a row
     */
    void run(int warmUp, int calls, int inARow) throws Exception {
        run("warming up", warmUp, inARow);
        subjects.keySet().forEach(Samples::forget);
        run("measuring", calls, inARow);
    }

    private void run(String what, int calls, int most) throws Exception {
        int rounds = 2 * (int) Math.ceil(calls / (2.0 * most));
        int inARow = rounds == 0 ? 0 : Math.max(1, Math.min(most, calls / rounds));
        @SuppressWarnings({"unchecked", "rawtypes"})
        Map.Entry<Samples, Subject>[] order = subjects.entrySet().toArray(new Map.Entry[0]);
        for (int round = 0; round < rounds; round++) {
            int now = round;
            progress.at(() -> what + ", round " + (now + 1) + " of " + rounds);
            for (int i = 0; i < order.length; i++) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                Map.Entry<Samples, Subject> entry = order[round % 2 == 0 ? i : order.length - 1 - i];
                entry.getKey().measure(entry.getValue(), inARow);
            }
        }
    }
}
