package dev.vivarium.internal.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.internal.core.LossDebt.Stage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of a debt by news of a loss. */
class LossDebtTest {

    @ParameterizedTest
    @EnumSource(Stage.class)
    void beginsWithTheFirstNews(Stage stage) {
        assertThat(LossDebt.after(null, new LossDebt(3, stage))).isEqualTo(new LossDebt(3, stage));
    }

    @ParameterizedTest
    @CsvSource({
        "FOUND, 3, PERHAPS, 3, true",
        "PERHAPS, 3, FOUND, 3, false",
        "FOUND, 3, TOLD, 3, true",
        "PERHAPS, 3, TOLD, 3, true",
        "CERTAIN, 3, TOLD, 3, true",
        "TOLD, 3, FOUND, 3, false",
        "TOLD, 3, PERHAPS, 3, false",
        "TOLD, 3, FOUND, 4, true",
        "PERHAPS, 3, FOUND, 2, false",
        "PERHAPS, 3, FOUND, 4, true",
        "CERTAIN, 3, FOUND, 4, false",
        "CERTAIN, 3, PERHAPS, 4, false",
        "CERTAIN, 3, CERTAIN, 4, true"
    })
    void isReplacedByWhatIsLaterAndNoLessSure(Stage before, long epoch, Stage news, long newsEpoch, boolean replaced) {
        LossDebt old = new LossDebt(epoch, before);
        LossDebt given = new LossDebt(newsEpoch, news);

        assertThat(LossDebt.after(old, given)).isEqualTo(replaced ? given : old);
    }
}
