package dev.vivarium.testkit.junit5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.PythonException;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.Tag;

/** What is recorded of Python handlers that are no plain functions. */
@Tag("processes")
class RecordedTest {

    @VivariumTest(layers = Layer.PYTHON, handlers = "/handlers/recorded.py")
    void isTheRunOfACoroutineAndNotThatItWasMade(TestPool kit) throws Exception {
        assertThat(kit.pool().call("twice_later", Integer.class, 4).await()).isEqualTo(8);
        assertThatThrownBy(() -> kit.pool().call("fails_later", Integer.class).await())
                .isInstanceOf(PythonException.class)
                .hasMessageContaining("later");

        assertThat(kit.ledger().report().executions()).isEqualTo(2);
        assertThat(kit.ledger().report().findings()).isEmpty();
    }

    @VivariumTest(layers = Layer.PYTHON, handlers = "/handlers/recorded.py")
    void isTheRunOfAnAsynchronousGenerator(TestPool kit) throws Exception {
        List<Integer> items = kit.pool().stream("count_later", Integer.class, 3)
                .runWith(Sink.seq(), kit.actors().system())
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);

        assertThat(items).containsExactly(0, 1, 2);
        assertThat(kit.ledger().report().executions()).isEqualTo(1);
    }
}
