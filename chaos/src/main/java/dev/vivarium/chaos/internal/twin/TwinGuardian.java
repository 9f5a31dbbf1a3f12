package dev.vivarium.chaos.internal.twin;

import dev.vivarium.PoolEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** The simulated guardian: starts and signals processes; all of them end with it, and another takes its place. For one thread. */
final class TwinGuardian {

    private static final long START = 60_000_000;
    private static final long SPAWN = 8_000_000;

    private final World world;
    private final Chance chance;
    private final List<TwinLink> links = new ArrayList<>();
    private final Deque<TwinLink> waiting = new ArrayDeque<>();
    private boolean up;
    private int life;

    TwinGuardian(World world) {
        this.world = world;
        this.chance = new Chance(world.streams, "guardian");
    }

    /** Starts it. */
    void start() {
        world.time.after(chance.about(START), () -> {
            up = true;
            life++;
            world.context.events().publish(new PoolEvent.GuardianStarted(life, world.time.now()));
            for (TwinLink link = waiting.poll(); link != null; link = waiting.poll()) {
                spawn(link);
            }
        });
    }

    void spawn(TwinLink link) {
        if (!up) {
            waiting.add(link);
            return;
        }
        int asked = life;
        world.time.after(chance.about(SPAWN), () -> {
            if (asked != life || !up) {
                waiting.add(link); // It was never started: the next guardian does.
                if (up) {
                    spawn(waiting.remove());
                }
            } else {
                links.add(link);
                link.started();
            }
        });
    }

    void signal(TwinLink link, int number) {
        int asked = life;
        world.time.after(chance.pipe(), () -> {
            if (up && asked == life) {
                if (links.contains(link)) {
                    link.process().signal(number);
                } else {
                    link.unknown();
                }
            }
        });
    }

    /** It is killed. */
    void kill() {
        if (!up) {
            return;
        }
        up = false;
        world.context.events().publish(new PoolEvent.GuardianLost(life, "was killed", world.time.now()));
        List<TwinLink> lost = List.copyOf(links);
        links.clear();
        lost.forEach(TwinLink::guardianLost);
        start();
    }
}
