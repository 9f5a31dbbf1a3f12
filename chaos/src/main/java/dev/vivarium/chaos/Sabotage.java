package dev.vivarium.chaos;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Wrongs that can be planted in what the runner sees of the pool, to see that the checker that looks for them finds them. */
public enum Sabotage {
    /** An outcome does not reach its caller. */
    LOSE_OUTCOME("outcomes"),
    /** An outcome comes long after its deadline. */
    LATE_OUTCOME("deadlines"),
    /** A call that may not be repeated is executed twice. */
    EXECUTE_TWICE("outcomes"),
    /** A caller gets another call's answer. */
    FOREIGN_ANSWER("outcomes"),
    /** An error says that the handler did not start, and it has. */
    MISREPORT("outcomes"),
    /** A session forgets that it was counted up. */
    LOSE_COMMIT("sessions"),
    /** A slot is missing from some snapshots. */
    LOSE_LEASE("leases"),
    /** A file is left behind. */
    LEAVE_FILE("leaks"),
    /** A worker never comes back. */
    LOSE_WORKER("recovery"),
    /** Calls are sent again and again. */
    RETRY_STORM("retries"),
    /** Workers are restarted though none has ended. */
    RESTART_STORM("restarts"),
    /** Workers end and are restarted many times at once. */
    RESTART_BURST("restart intensity"),
    /** No call is answered from the first fault on. */
    STAY_BROKEN("steady state during"),
    /** More calls wait than may. */
    ENDLESS_QUEUE("queue"),
    /** Every answer takes longer, from the first fault on. */
    STAY_SLOW("steady state after"),
    /** Calls fail that should not. */
    FAIL_CALLS("expect ok");

    private final String checker;

    Sabotage(String checker) {
        this.checker = checker;
    }

    /** Returns the name of the checker that must find it, or how that begins. */
    public String checker() {
        return checker;
    }

    /** Returns its name on the command line. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Returns those of some names with commas between them, or {@code all}.
     *
     * @throws IllegalArgumentException naming those that there are
     */
    public static Set<Sabotage> of(String words) {
        if (words.equals("all")) {
            return EnumSet.allOf(Sabotage.class);
        }
        Set<Sabotage> wrongs = EnumSet.noneOf(Sabotage.class);
        for (String word : words.split(",", -1)) {
            wrongs.add(Arrays.stream(values())
                    .filter(each -> each.word().equals(word))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("there is no sabotage '" + word
                            + "'; there are: "
                            + Arrays.stream(values()).map(Sabotage::word).collect(Collectors.joining(", "))
                            + ", or all")));
        }
        return wrongs;
    }
}
