package dev.vivarium.internal.core;

import org.jspecify.annotations.Nullable;

/**
 * What is owed of the loss of something that a session had in its worker, from when it is found until a call was told. Each loss
 * has an epoch of its own, so that one that was told is not owed again by another call that has found it, too. Immutable.
 *
 * @param epoch of the binding whose loss it is
 */
record LossDebt(long epoch, Stage stage) {

    /** How far it has come; later ones come after earlier ones. */
    enum Stage {
        /** It is being stored. */
        FOUND,
        /** It is not known whether it is stored: it is when the stored session has nothing in its worker any more. */
        PERHAPS,
        /** It is known, and the next call is to be told. */
        CERTAIN,
        /** A call was told. */
        TOLD
    }

    /** Returns what becomes of a debt by news of a loss: what is later counts, and nothing makes a certain one uncertain. */
    static LossDebt after(@Nullable LossDebt before, LossDebt news) {
        if (before == null) {
            return news;
        }
        boolean same = before.epoch == news.epoch;
        boolean later = same ? news.stage.compareTo(before.stage) > 0 : news.epoch > before.epoch;
        boolean surer = before.stage != Stage.CERTAIN || news.stage.compareTo(Stage.CERTAIN) >= 0;
        return later && surer ? news : before;
    }

    /** Returns whether its session must not be forgotten. */
    boolean isOpen() {
        return stage != Stage.TOLD;
    }

    /** Returns whether a call is to be told that finds the session as it is stored. */
    boolean isDue(boolean resident) {
        return stage == Stage.CERTAIN || (stage == Stage.PERHAPS && !resident);
    }
}
