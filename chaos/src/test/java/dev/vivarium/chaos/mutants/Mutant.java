package dev.vivarium.chaos.mutants;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A bug to be planted in one of the pool's own cores: a piece of its source, which must be there exactly once, and what takes its
 * place.
 *
 * @param name what goes wrong, as a clause
 * @param core the class
 */
record Mutant(String name, String core, String original, String planted) {

    private static final Path CORES = Path.of("supervisor/src/main/java/dev/vivarium/internal/core");

    static final List<Mutant> ALL = List.of(
            new Mutant(
                    "a worker is not offered again after its call",
                    "Steps",
                    "        effects.add(new SlotEffect.Offer(incarnation));\n",
                    ""),
            new Mutant(
                    "a call that comes back is not queued",
                    "RouterCore",
                    "returned.put(callId, new Waiting(callId, deadline, now));",
                    ""),
            new Mutant(
                    "a leased worker stays in the list of idle ones",
                    "RouterCore",
                    "Idle sound = idle.remove(slot);",
                    "Idle sound = idle.get(slot);"),
            new Mutant(
                    "a call that waits for one slot has no deadline",
                    "RouterCore",
                    "        held.expire(now, expired);\n",
                    ""),
            new Mutant(
                    "a call that is held no more is still given to its slot",
                    "HeldCalls",
                    "ofSlot.remove(callId) != null && ofSlot.isEmpty()",
                    "ofSlot.get(callId) != null && ofSlot.isEmpty()"),
            new Mutant(
                    "a call that may have run is sent again",
                    "RetryCore",
                    "execution != Execution.NOT_STARTED && !retrySafe",
                    "execution == Execution.RAN && !retrySafe"),
            new Mutant(
                    "a spent budget pays for retries", "RetryBudget", "if (tokens < 1 - 1e-9) {", "if (tokens < -1) {"),
            new Mutant(
                    "a probe that says nothing keeps its place in the breaker",
                    "CircuitBreaker",
                    "case UNTOLD -> new HalfOpen(state.period(), state.running() - 1, state.succeeded());",
                    "case UNTOLD -> state;"),
            new Mutant(
                    "an open breaker stays open",
                    "CircuitBreaker",
                    "            return left > 0\n",
                    "            return left != 0\n"),
            new Mutant(
                    "a poisonous call is sent once too often",
                    "PoisonWatch",
                    "return deaths >= policy.deaths();",
                    "return deaths > policy.deaths();"),
            new Mutant(
                    "a worker that does not stop a call is left alone",
                    "Ladder",
                    "        effects.add(new SlotEffect.StartTimer(next.incarnation(), Timer.FENCE));\n",
                    ""),
            new Mutant(
                    "a session's turn is not passed on",
                    "SessionTable",
                    "            if (next != null) {\n                return next;\n            }\n",
                    ""),
            new Mutant(
                    "a replacement that is ready stays a replacement",
                    "RecycleQueue",
                    "        int replaced = old;\n        finish();\n",
                    "        int replaced = old;\n"),
            new Mutant("waits between failed starts do not grow", "Backoff", "Math.min(failures - 1, 40)", "0"),
            new Mutant(
                    "a slot starts again without a wait",
                    "SlotCore",
                    "served ? 0 : failures, cause, effects",
                    "0, cause, effects"),
            new Mutant(
                    "what the incarnation before says counts",
                    "SlotCore",
                    "of.incarnation() != state.incarnation()",
                    "of.incarnation() < state.incarnation() - 1"),
            new Mutant(
                    "a call is not told that its worker has ended",
                    "SlotCore",
                    "        effects.add(new SlotEffect.Ended(state.incarnation(), cause, state.callId()));\n",
                    ""));

    private Path source(Path root) {
        return root.resolve(CORES).resolve(core + ".java");
    }

    /** Returns how often the piece is there. */
    int places(Path root) throws IOException {
        return Files.readString(source(root)).split(java.util.regex.Pattern.quote(original), -1).length - 1;
    }

    /**
     * Returns the class's source with the bug.
     *
     * @throws IllegalStateException when the source has changed, so that the bug cannot be planted
     */
    String source(Path root, boolean withBug) throws IOException {
        String text = Files.readString(source(root));
        if (places(root) != 1) {
            throw new IllegalStateException(
                    "'" + name + "' cannot be planted: " + core + " has its place " + places(root) + " times");
        }
        return withBug ? text.replace(original, planted) : text;
    }

    @Override
    public String toString() {
        return name + " (" + core + ")";
    }
}
