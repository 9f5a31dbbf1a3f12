package dev.vivarium.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.vivarium.PoolConfig;
import dev.vivarium.SessionPolicy.Store;
import dev.vivarium.session.Durability;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The configuration in docs/guide/sessions.md. */
class SessionsGuideTest {

    private static final Path GUIDE = Path.of("../docs/guide/sessions.md");
    private static final Pattern BLOCK = Pattern.compile("```hocon\n(.*?)```", Pattern.DOTALL);

    @Test
    void theFileThatSessionsAreKeptIn() throws Exception {
        List<MatchResult> blocks =
                BLOCK.matcher(Files.readString(GUIDE)).results().toList();

        PoolConfig config = PoolConfig.fromConfig(
                        ConfigFactory.parseString(blocks.get(0).group(1)))
                .handlers("chat.py")
                .build();

        assertThat(blocks).hasSize(1);
        assertThat(config.sessions().store()).isEqualTo(Store.FILE);
        assertThat(config.sessions().durability()).isEqualTo(Durability.PROCESS_CRASH);
    }
}
