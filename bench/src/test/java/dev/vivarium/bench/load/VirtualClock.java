package dev.vivarium.bench.load;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** Time that passes when somebody waits for it, and as fast as that. */
final class VirtualClock implements LoadClock {

    private final TreeMap<Long, Runnable> due = new TreeMap<>();
    private long now;

    @Override
    public long nanos() {
        return now;
    }

    @Override
    public void until(long nanos) {
        for (Map.Entry<Long, Runnable> next = due.firstEntry();
                next != null && next.getKey() <= nanos;
                next = due.firstEntry()) {
            due.remove(next.getKey());
            now = Math.max(now, next.getKey());
            next.getValue().run();
        }
        now = Math.max(now, nanos);
    }

    /** Something that takes time on the thread that waits: the generator's. */
    void pass(long nanos) {
        until(now + nanos);
    }

    /** Returns what is answered at a moment. */
    CompletableFuture<String> at(long nanos) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        due.merge(nanos, () -> answer.complete("ok"), (one, other) -> () -> {
            one.run();
            other.run();
        });
        return answer;
    }
}
