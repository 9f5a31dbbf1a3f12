package dev.vivarium.chaos;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which workers a fault befalls. They are chosen when it comes, in an order that the seed has drawn; those that are preferred come
 * first.
 *
 * @param amount how many, or how many of a hundred
 * @param percent whether {@code amount} is of a hundred
 * @param preferred which first
 */
public record Targets(int amount, boolean percent, Preferred preferred) {

    /** Which workers are taken first. */
    public enum Preferred {
        /** In the drawn order. */
        ANY,
        /** Those that run a call. */
        BUSY,
        /** Those that run none. */
        IDLE,
        /** Those that have completed most calls. */
        OLDEST
    }

    /** One worker. */
    public static final Targets ONE = new Targets(1, false, Preferred.ANY);

    /** Every worker. */
    public static final Targets ALL = new Targets(100, true, Preferred.ANY);

    private static final Pattern FORM = Pattern.compile("(one|all|\\d{1,4}%?)(?: (any|busy|idle|oldest))?");

    /** What {@link #parse} reads. */
    public static final String FORMS = "one, all, N or P%, and perhaps busy, idle or oldest, such as '60%' or '2 busy'";

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException when the amount is not 1 to 1024, or to 100 of a hundred
     */
    public Targets {
        int most = percent ? 100 : 1024;
        if (amount < 1 || amount > most) {
            throw new IllegalArgumentException(
                    "targets must be 1 to " + most + (percent ? " %" : "") + ", got " + amount + (percent ? "%" : ""));
        }
    }

    /** Returns so many of a hundred workers. */
    public static Targets percent(int share) {
        return new Targets(share, true, Preferred.ANY);
    }

    /** Returns so many workers. */
    public static Targets of(int count) {
        return new Targets(count, false, Preferred.ANY);
    }

    /** Returns as many, with others that come first. */
    public Targets preferring(Preferred first) {
        return new Targets(amount, percent, first);
    }

    /** Reads what {@link #toString} writes; empty when it is not of {@link #FORMS}. */
    public static Optional<Targets> parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String amount = matcher.group(1);
        Targets targets = amount.equals("one")
                ? ONE
                : amount.equals("all")
                        ? ALL
                        : amount.endsWith("%")
                                ? percent(Integer.parseInt(amount.substring(0, amount.length() - 1)))
                                : of(Integer.parseInt(amount));
        String first = matcher.group(2);
        return Optional.of(
                first == null ? targets : targets.preferring(Preferred.valueOf(first.toUpperCase(Locale.ROOT))));
    }

    /** Returns how many of so many workers: at least one, at most all. */
    public int count(int workers) {
        int count = percent ? (int) Math.round(workers * amount / 100.0) : amount;
        return Math.max(1, Math.min(workers, count));
    }

    /** Returns the form that {@link #parse} reads. */
    @Override
    public String toString() {
        String text = equalsAmount(ALL) ? "all" : equalsAmount(ONE) ? "one" : amount + (percent ? "%" : "");
        return preferred == Preferred.ANY ? text : text + " " + preferred.name().toLowerCase(Locale.ROOT);
    }

    private boolean equalsAmount(Targets other) {
        return amount == other.amount && percent == other.percent;
    }
}
