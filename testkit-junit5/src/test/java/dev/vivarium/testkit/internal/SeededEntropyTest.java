package dev.vivarium.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.internal.port.Entropy;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The kit's randomness. */
class SeededEntropyTest {

    private static final int TOKENS = 1000;

    private static List<String> tokens(Entropy entropy) {
        return IntStream.range(0, TOKENS).mapToObj(i -> entropy.token(4)).toList();
    }

    @Test
    void namesTwoDirectoriesOfAPoolApart() {
        assertThat(tokens(new SeededEntropy(1, "pool"))).doesNotHaveDuplicates();
    }

    @Test
    void canBeHadAgain() {
        assertThat(tokens(new SeededEntropy(1, "pool"))).isEqualTo(tokens(new SeededEntropy(1, "pool")));
    }
}
