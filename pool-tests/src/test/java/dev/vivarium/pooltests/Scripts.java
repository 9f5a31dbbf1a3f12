package dev.vivarium.pooltests;

import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.WorkerScript;
import java.time.Duration;

/** What scripted workers do where Python ones have {@code handlers/behaviours.py}. */
final class Scripts {

    static final String HANDLERS = "/handlers/behaviours.py";

    /** How long a test waits for what it has no event for. */
    static final long LIMIT_S = 30;

    private static final int SIGKILL = 9;

    private Scripts() {}

    static WorkerScript behaviours() {
        return WorkerScript.standard()
                .with("keywords", call -> new Reaction.Reply(call.keywords()))
                .with(
                        "add",
                        call -> new Reaction.Reply(call.positional().get(0).asInt()
                                + call.positional().get(1).asInt()))
                .with(
                        "large",
                        call -> new Reaction.Reply(
                                "x".repeat(call.positional().get(0).asInt())))
                .with(
                        "hoard",
                        call -> new Reaction.AtGate(
                                call.positional().get(1).asText(),
                                new Reaction.Reply(call.positional().get(0))))
                .with(
                        "die_once",
                        call -> call.incarnation() == 1 ? new Reaction.Die(SIGKILL) : new Reaction.Reply("survived"))
                .with("starve", call -> new Reaction.OutOfMemory())
                .with(
                        "broken_in",
                        call -> call.slot() == call.positional().get(0).asInt()
                                ? new Reaction.Raise("RuntimeError", "no device")
                                : new Reaction.Later(Duration.ofMillis(10), new Reaction.Reply("done")))
                .with(
                        "stalls_in",
                        call -> call.slot() == call.positional().get(0).asInt()
                                ? steps(1, new Reaction.Hang(true))
                                : new Reaction.Later(Duration.ofMillis(10), new Reaction.Reply("done")))
                .with("stalls", call -> steps(call.positional().get(0).asInt(), new Reaction.Hang(true)))
                .with("plods", call -> plod(call.positional().get(0).asInt()));
    }

    private static Reaction steps(int count, Reaction then) {
        return count == 0 ? then : new Reaction.Progress(steps(count - 1, then));
    }

    private static Reaction plod(int seconds) {
        return seconds == 0
                ? new Reaction.Reply("arrived")
                : new Reaction.Progress(new Reaction.Later(Duration.ofSeconds(1), plod(seconds - 1)));
    }
}
