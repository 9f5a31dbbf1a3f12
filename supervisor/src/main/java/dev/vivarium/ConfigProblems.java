package dev.vivarium;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gathers what is wrong, so that all of it can be said at once. */
final class ConfigProblems {
    private final List<String> found = new ArrayList<>();

    void require(boolean holds, String otherwise) {
        if (!holds) {
            found.add(otherwise);
        }
    }

    void present(String option, @Nullable Object value) {
        require(value != null, option + " must not be null");
    }

    void between(String option, int value, int least, int most) {
        require(value >= least && value <= most, option + " must be " + least + " to " + most + ", got " + value);
    }

    void between(String option, double value, double least, double most) {
        require(value >= least && value <= most, option + " must be " + least + " to " + most + ", got " + value);
    }

    void between(String option, Duration value, Duration least, Duration most) {
        require(
                value.compareTo(least) >= 0 && value.compareTo(most) <= 0,
                option + " must be " + least + " to " + most + ", got " + value);
    }

    void throwIfAny() {
        if (!found.isEmpty()) {
            throw new InvalidPoolConfig(found);
        }
    }
}
