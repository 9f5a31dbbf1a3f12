package dev.vivarium.chaos.internal.twin;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.vivarium.PoolConfig;
import dev.vivarium.chaos.LoadSpec;
import dev.vivarium.chaos.RandomStreams;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.internal.context.PoolContext;
import dev.vivarium.internal.port.ChildProcess;
import dev.vivarium.internal.port.Entropy;
import dev.vivarium.internal.port.Machine;
import dev.vivarium.protocol.message.HandlerInfo;
import dev.vivarium.session.MemorySessionStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** What the parts of one run of the twin share. The pool's own parts are the real ones; they get a clock, chance and a store that are not. */
final class World {

    private static final Config DEFAULTS = ConfigFactory.load();
    private static final long MOST_STATE = 1 << 20;

    final Scenario scenario;
    final RandomStreams streams;
    final VirtualTime time = new VirtualTime();
    final TwinNotes notes;
    final PoolConfig config;
    final PoolContext context;

    World(Scenario scenario, long seed, boolean kept) {
        this.scenario = scenario;
        this.streams = new RandomStreams(seed);
        this.notes = new TwinNotes(time, kept);
        this.config = PoolConfig.fromConfig(ConfigFactory.parseString(String.join("\n", scenario.options()))
                        .atPath("vivarium.pool")
                        .withFallback(DEFAULTS))
                .name("twin")
                .handlers("twin")
                .workers(scenario.workers())
                .sessionStore(new LateStore(
                        new MemorySessionStore(MOST_STATE, 64 * MOST_STATE), time, new Chance(streams, "store")))
                .build();
        this.context = new PoolContext(config, new Machine(time, new SeededEntropy(streams), World::noProcess));
        context.handlers(List.of(sessionOnly(LoadSpec.COUNT), sessionOnly(LoadSpec.READ)));
    }

    private static HandlerInfo sessionOnly(String name) {
        return new HandlerInfo(name, "()", "", HandlerInfo.SESSION_ONLY);
    }

    private static ChildProcess noProcess(List<String> command, Map<String, String> environment, Path errors) {
        throw new IllegalStateException("the twin starts no process");
    }

    /** Randomness from the seed. */
    private static final class SeededEntropy implements Entropy {
        private final SplittableRandom random;

        SeededEntropy(RandomStreams streams) {
            random = streams.stream("twin/entropy");
        }

        @Override
        public double unit() {
            return random.nextDouble();
        }

        @Override
        public String token(int bytes) {
            StringBuilder token = new StringBuilder();
            while (token.length() < 2 * bytes) {
                token.append(String.format("%016x", random.nextLong()));
            }
            return token.substring(0, 2 * bytes);
        }
    }
}
