package dev.vivarium.pooltests;

import dev.vivarium.testkit.Reaction;
import dev.vivarium.testkit.WorkerScript;

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
                        call -> call.incarnation() == 1 ? new Reaction.Die(SIGKILL) : new Reaction.Reply("survived"));
    }
}
