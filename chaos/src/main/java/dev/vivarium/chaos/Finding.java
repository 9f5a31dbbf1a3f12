package dev.vivarium.chaos;

/**
 * What came of one checker.
 *
 * @param checker its name
 * @param verdict what it says
 * @param found what was found, with figures
 * @param wanted what was asked for
 */
public record Finding(String checker, Verdict verdict, String found, String wanted) {

    /** Returns one that depends on something's having held. */
    public static Finding of(String checker, boolean held, String found, String wanted) {
        return new Finding(checker, held ? Verdict.VALID : Verdict.INVALID, found, wanted);
    }
}
