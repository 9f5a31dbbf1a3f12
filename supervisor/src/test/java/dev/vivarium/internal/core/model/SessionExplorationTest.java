package dev.vivarium.internal.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Every interleaving of a session's calls with deaths, late answers, cancellations and commits. */
class SessionExplorationTest {

    private static final int BUDGET = 2_000_000;

    @Test
    void losesDoublesAndMixesUpNothing() {
        Exploration<?> found = Explorer.explore(new SessionModel(3, SessionModel.Fault.NONE), BUDGET);

        System.out.println("explored: a session of three calls on two workers: " + found.report());
        assertThat(found.isClean()).as(found::report).isTrue();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
    void findsWhatIsSpoiled(SessionModel.Fault fault) {
        Exploration<?> found = Explorer.explore(new SessionModel(3, fault), BUDGET);

        assertThat(found.isClean()).as(found::report).isFalse();
    }
}
