package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.testkit.SessionHistory.Fault;
import dev.vivarium.testkit.SessionHistory.Finding;
import dev.vivarium.testkit.SessionHistory.Kind;
import dev.vivarium.testkit.SessionHistory.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The checker of histories accepts what could have happened, and names what could not. */
class SessionHistoryTest {

    private final SessionHistory history = new SessionHistory();

    private void increment(long begun, long ended, int value) {
        history.add(new Operation("s", Kind.INCREMENT, begun, ended, value));
    }

    private void read(long begun, long ended, int value) {
        history.add(new Operation("s", Kind.READ, begun, ended, value));
    }

    private List<Fault> faults() {
        return history.check().stream().map(Finding::fault).distinct().toList();
    }

    @Nested
    class ItAccepts {

        @Test
        void whatCouldHaveHappened() {
            increment(1, 4, 2);
            increment(2, 3, 1);
            read(5, 6, 2);
            increment(5, 7, 3);

            assertThat(history.check()).isEmpty();
        }

        @Test
        void thatAnIncrementNobodyKnowsOfWasMadeOrNot() {
            history.unknown("not made", history.begin());
            history.unknown("made", history.begin());

            history.read("not made", history.begin(), 0);
            history.read("made", history.begin(), 1);

            assertThat(history.check()).isEmpty();
        }

        @Test
        void thatAnIncrementNobodyKnowsOfIsMadeMuchLater() {
            history.unknown("s", history.begin());
            history.read("s", history.begin(), 0);
            history.incremented("s", history.begin(), 1);
            history.incremented("s", history.begin(), 3);

            assertThat(history.check()).isEmpty();
        }
    }

    @Nested
    class ItNames {

        @Test
        void aLostCommitThatALaterIncrementDoesNotKnowOf() {
            increment(1, 2, 1);
            increment(3, 4, 1);

            assertThat(faults()).containsExactly(Fault.LOST_COMMIT);
        }

        @Test
        void aLostCommitThatTheLastReadDoesNotKnowOf() {
            increment(1, 2, 1);
            increment(3, 4, 2);
            read(5, 6, 1);

            assertThat(faults()).containsExactly(Fault.LOST_COMMIT);
        }

        @Test
        void aDoubledCommitThatTheNextIncrementShows() {
            increment(1, 2, 1);
            increment(3, 4, 3);

            assertThat(faults()).containsExactly(Fault.DOUBLED_COMMIT);
        }

        @Test
        void aDoubledCommitThatTheLastReadShows() {
            increment(1, 2, 1);
            read(3, 4, 2);

            assertThat(faults()).containsExactly(Fault.DOUBLED_COMMIT);
        }

        @Test
        void aStaleRead() {
            increment(1, 2, 1);
            read(3, 4, 0);
            read(5, 6, 1);

            assertThat(faults()).containsExactly(Fault.STALE_READ);
        }

        @Test
        void anAnswerBeforeThatWhichItDependsOn() {
            increment(1, 2, 2);
            increment(3, 4, 1);

            assertThat(faults()).containsExactly(Fault.EARLY_ANSWER);
        }

        @Test
        void anAnswerBeforeTheOnlyIncrementThatMayHaveMadeIt() {
            read(1, 2, 1);
            history.add(new Operation("s", Kind.INCREMENT, 3, SessionHistory.NEVER, 0));

            assertThat(faults()).containsExactly(Fault.EARLY_ANSWER);
        }

        @Test
        void theSessionAndTheValues() {
            increment(1, 2, 1);
            increment(3, 4, 3);

            assertThat(history.check())
                    .hasToString("[s: DOUBLED_COMMIT: 3 was answered, and no increment that was asked "
                            + "for by then made it 2]");
        }
    }

    @Nested
    class ItAgreesWithTryingEveryOrder {

        @Test
        void onManySmallHistories() {
            Random random = new Random(5);
            int right = 0;
            for (int i = 0; i < 20_000; i++) {
                List<Operation> operations = some(random);
                SessionHistory one = new SessionHistory();
                operations.forEach(one::add);

                boolean accepted = one.check().isEmpty();

                assertThat(accepted).as(operations.toString()).isEqualTo(hasOrder(operations, 0));
                right += accepted ? 1 : 0;
            }
            assertThat(right).isBetween(2000, 18_000);
        }

        /** A run that could have been, of which one value is sometimes changed. */
        private static List<Operation> some(Random random) {
            List<Operation> operations = new ArrayList<>();
            int value = 0;
            int size = 1 + random.nextInt(5);
            for (int i = 0; i < size; i++) {
                long point = 10L * i + 5;
                long begun = point - random.nextInt(25);
                long ended = point + random.nextInt(25);
                switch (random.nextInt(4)) {
                    case 0 -> operations.add(new Operation("s", Kind.READ, begun, ended, value));
                    case 1 -> {
                        value += random.nextInt(2);
                        operations.add(new Operation("s", Kind.INCREMENT, begun, SessionHistory.NEVER, 0));
                    }
                    default -> operations.add(new Operation("s", Kind.INCREMENT, begun, ended, ++value));
                }
            }
            if (random.nextBoolean()) {
                int at = random.nextInt(size);
                Operation old = operations.get(at);
                operations.set(
                        at,
                        new Operation(
                                "s",
                                old.kind(),
                                old.begun(),
                                old.ended(),
                                Math.max(0, old.value() + random.nextInt(3) - 1)));
            }
            return operations;
        }

        private static boolean hasOrder(List<Operation> left, int value) {
            if (left.stream().allMatch(operation -> operation.ended() == SessionHistory.NEVER)) {
                return true;
            }
            for (Operation next : left) {
                if (left.stream().anyMatch(other -> other.ended() < next.begun())) {
                    continue;
                }
                int after = next.kind() == Kind.INCREMENT ? value + 1 : value;
                if (next.ended() != SessionHistory.NEVER && next.value() != after) {
                    continue;
                }
                List<Operation> others = new ArrayList<>(left);
                others.remove(next);
                if (hasOrder(others, after)) {
                    return true;
                }
            }
            return false;
        }
    }
}
