package dev.vivarium.testkit.junit5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file of failing seeds keeps them in order, once each, and not without end. */
class FailingSeedsTest {

    @TempDir
    Path folder;

    private FailingSeeds seeds() {
        return new FailingSeeds(folder.resolve("failing-seeds"));
    }

    @Test
    void areFoundByTestAndLayer() {
        seeds().add("T#a", "FAKE", 1);
        seeds().add("T#a", "PYTHON", 2);
        seeds().add("T#b", "FAKE", 3);

        assertThat(seeds().of("T#a", "FAKE")).containsExactly(1L);
        assertThat(seeds().ofAny("T")).containsExactly(1L, 2L, 3L);
        assertThat(seeds().ofAny("T#a")).containsExactly(1L, 2L);
    }

    @Test
    void areThereOnce() {
        seeds().add("T#a", "FAKE", 1);
        seeds().add("T#a", "FAKE", 1);

        assertThat(seeds().of("T#a", "FAKE")).containsExactly(1L);
    }

    @Test
    void areNoneWithoutAFile() {
        assertThat(seeds().of("T#a", "FAKE")).isEmpty();
    }

    @Test
    void losesTheOldestOfATestThatHasTooMany() {
        seeds().add("T#other", "FAKE", 99);
        LongStream.rangeClosed(1, FailingSeeds.MOST_PER_TEST + 1L).forEach(seed -> seeds().add("T#a", "FAKE", seed));

        assertThat(seeds().of("T#a", "FAKE"))
                .hasSize(FailingSeeds.MOST_PER_TEST)
                .startsWith(2L)
                .endsWith(FailingSeeds.MOST_PER_TEST + 1L);
        assertThat(seeds().of("T#other", "FAKE")).containsExactly(99L);
    }

    @Test
    void areAllThereWhenSeveralThreadsAddThem() {
        IntStream.range(0, 40).parallel().forEach(i -> seeds().add("T#t" + i, "FAKE", i));

        assertThat(seeds().ofAny("T")).hasSize(40);
    }

    @Test
    void namesALineThatItDoesNotUnderstand() throws Exception {
        Files.write(folder.resolve("failing-seeds"), List.of("# comment", "12 FAKE T#a"));

        assertThatThrownBy(() -> seeds().of("T#a", "FAKE"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("line 2: expected SEED, LAYER and TEST");
    }
}
