package dev.vivarium.internal.lending;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class LoanTest {

    private final List<Runnable> dispatcher = new ArrayList<>();
    private final Executor own = dispatcher::add;
    private final List<String> done = new ArrayList<>();

    @AfterEach
    void clearInterrupt() {
        var unused = Thread.interrupted();
    }

    /** What an actor system's executor does with a mailbox that has something to do. */
    private void execute(Runnable task) {
        if (!Loan.take(task, own)) {
            own.execute(task);
        }
    }

    @Nested
    class WhatFollowsFromTheNews {

        @Test
        void runsOnTheThreadThatBringsThemInOrder() {
            AtomicReference<Thread> where = new AtomicReference<>();

            Loan.with(() -> {
                execute(() -> {
                    where.set(Thread.currentThread());
                    done.add("first");
                    execute(() -> done.add("what follows"));
                });
                done.add("news");
            });

            assertThat(done).containsExactly("news", "first", "what follows");
            assertThat(where.get()).isSameAs(Thread.currentThread());
            assertThat(dispatcher).isEmpty();
        }

        @Test
        void goesToTheDispatcherWithoutALoan() {
            execute(() -> done.add("later"));

            assertThat(done).isEmpty();
            assertThat(dispatcher).hasSize(1);
        }

        @Test
        void goesToTheDispatcherBeyondItsBound() {
            Loan.with(() -> {
                for (int i = 0; i < Loan.MOST_TASKS + 2; i++) {
                    execute(() -> done.add("turn"));
                }
            });

            assertThat(done).hasSize(Loan.MOST_TASKS);
            assertThat(dispatcher).hasSize(2);
        }

        @Test
        void isDoneOnceThoughTheNewsAreToldWithinALoan() {
            Loan.with(() -> execute(() -> Loan.with(() -> execute(() -> done.add("inner")))));

            assertThat(done).containsExactly("inner");
            assertThat(dispatcher).isEmpty();
        }

        @Test
        void isLeftToTheDispatcherWhenTellingTheNewsFails() {
            assertThatThrownBy(() -> Loan.with(() -> {
                        execute(() -> done.add("turn"));
                        throw new IllegalStateException("not told");
                    }))
                    .hasMessage("not told");

            assertThat(done).isEmpty();
            assertThat(dispatcher).hasSize(1);
            assertThat(Loan.isUnderWay()).isFalse();
        }
    }

    @Nested
    class AThreadThatIsLent {

        @Test
        void keepsItsInterruptAndActorsDoNotSeeIt() {
            Thread.currentThread().interrupt();

            Loan.with(() -> execute(
                    () -> done.add("interrupted: " + Thread.currentThread().isInterrupted())));

            assertThat(done).containsExactly("interrupted: false");
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        }

        @Test
        void keepsAnInterruptThatComesMeanwhile() {
            Loan.with(() -> {
                execute(Thread.currentThread()::interrupt);
                execute(() -> done.add("interrupted: " + Thread.currentThread().isInterrupted()));
            });

            assertThat(done).containsExactly("interrupted: false");
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        }

        @Test
        void keepsAnInterruptThatAMailboxStumblesOver() {
            Loan.with(() -> {
                execute(() -> sneak(new InterruptedException("a mailbox looks after each message")));
                execute(() -> done.add("next"));
            });

            assertThat(done).containsExactly("next");
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
            assertThat(dispatcher).isEmpty();
        }

        @Test
        void doesNotGetErrorsThatAreTheDispatchers() {
            Loan.with(() -> {
                execute(() -> {
                    throw new LinkageError("fatal");
                });
                execute(() -> done.add("next"));
            });

            assertThat(done).containsExactly("next");
            assertThat(dispatcher).hasSize(1);
            assertThatThrownBy(dispatcher.get(0)::run).isInstanceOf(LinkageError.class);
        }

        @Test
        void isRefusedWhenItsStackIsNearlyUsedUpHoweverOftenThatWasAsked() throws Exception {
            for (int i = 0; i < 50_000; i++) { // Compiled, frames are smaller than before.
                Loan.requireStack();
            }

            assertThat(refusedWithAStackOf(64)).isTrue();
            assertThat(refusedWithAStackOf(160)).isTrue();
            assertThat(refusedWithAStackOf(512)).isFalse();
        }

        private boolean refusedWithAStackOf(int kibibytes) throws InterruptedException {
            AtomicBoolean refused = new AtomicBoolean();
            Thread thread = new Thread(
                    null,
                    () -> {
                        try {
                            Loan.requireStack();
                        } catch (StackOverflowError tooLittle) {
                            refused.set(true);
                        }
                    },
                    "small",
                    kibibytes * 1024L);
            thread.start();
            thread.join();
            return refused.get();
        }

        @Test
        void keepsItsInterruptWhenTheDispatcherHasEndedMeanwhile() {
            Executor ended = task -> {
                throw new RejectedExecutionException("ended");
            };
            Thread.currentThread().interrupt();

            Loan.with(() -> {
                for (int i = 0; i < Loan.MOST_TASKS + 2; i++) {
                    assertThat(Loan.take(() -> done.add("turn"), ended)).isTrue();
                }
            });

            assertThat(done).hasSize(Loan.MOST_TASKS);
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        }

        @Test
        void isNotLentAnyMoreAfterwards() {
            Loan.with(() -> assertThat(Loan.isUnderWay()).isTrue());

            assertThat(Loan.isUnderWay()).isFalse();
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        throw (T) thrown;
    }
}
