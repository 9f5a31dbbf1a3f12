package dev.vivarium.internal.context;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which settings are in force, and which of them a worker lacks. */
class SettingsBookTest {

    private final SettingsBook book = new SettingsBook();

    private Setting kept(String name) {
        Setting setting = new Setting(name, book.nextRevision(), "put", new byte[0], Duration.ofSeconds(1));
        book.keep(setting);
        return setting;
    }

    private void takes(int slot, int incarnation, @Nullable Setting setting) {
        assertThat(book.next(slot, incarnation)).isSameAs(setting);
        if (setting != null) {
            book.applied(slot, incarnation, setting.revision());
        }
    }

    @Test
    void aWorkerTakesThemOldestFirstAndEachOnce() {
        Setting a = kept("a");
        Setting b = kept("b");

        takes(1, 1, a);
        takes(1, 1, b);
        takes(1, 1, null);
    }

    @Test
    void theNextProcessOfASlotTakesThemAnew() {
        Setting a = kept("a");
        takes(1, 1, a);

        takes(1, 2, a);
        takes(2, 1, a);
    }

    @Test
    void oneReplacesThatOfItsNameAndIsTheNewest() {
        Setting a = kept("a");
        Setting b = kept("b");
        takes(1, 1, a);
        Setting newer = kept("a");

        assertThat(book.inForce()).containsExactly(b, newer);
        takes(1, 1, b);
        takes(1, 1, newer);
        takes(1, 1, null);
    }

    @Test
    void whatIsForgottenIsTakenNoMore() {
        kept("a");

        assertThat(book.forget("a")).isTrue();
        assertThat(book.forget("a")).isFalse();
        takes(1, 1, null);
    }

    @Test
    void theWorkersOfAnotherPoolBeginAnew() {
        Setting a = kept("a");
        takes(1, 1, a);

        book.workersGone();

        takes(1, 1, a);
    }

    @Test
    void doesNotShowWhatIsSet() {
        assertThat(kept("a")).hasToString("setting 'a' (handler 'put')");
    }
}
