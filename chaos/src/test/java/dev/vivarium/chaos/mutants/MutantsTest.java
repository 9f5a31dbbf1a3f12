package dev.vivarium.chaos.mutants;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The bugs of {@code scripts/swarm-mutants}: all of them can still be planted, and one is. */
class MutantsTest {

    private static final Path ROOT = Path.of("..");

    private static List<Mutant> mutants() {
        return Mutant.ALL;
    }

    @ParameterizedTest
    @MethodSource("mutants")
    void eachCanBePlantedInOnePlace(Mutant mutant) throws Exception {
        assertThat(mutant.places(ROOT))
                .as("places of '" + mutant.original() + "'")
                .isEqualTo(1);
    }

    @Test
    void aSwarmFindsABugInACoreAndNothingInTheSameCoreWithoutIt() throws Exception {
        // Given
        Mutant mutant = Mutant.ALL.get(0);

        // When
        String[] with = MutantRun.run(ROOT, mutant, true, 1, 20, Long.MAX_VALUE / 1_000_000);
        String[] without = MutantRun.run(ROOT, mutant, false, 1, 20, Long.MAX_VALUE / 1_000_000);

        // Then
        assertThat(with).hasSizeGreaterThan(2);
        assertThat(without).hasSize(2);
    }
}
