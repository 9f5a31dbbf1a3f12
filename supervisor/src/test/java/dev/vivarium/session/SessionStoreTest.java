package dev.vivarium.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.SessionRefused;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.h2.store.fs.FileBase;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The stores of sessions: what both of them do, and what the file survives. */
class SessionStoreTest {

    private static final Instant LATER = Instant.parse("2030-01-01T00:00:00Z");
    private static final long STATE_BYTES = 2000;
    private static final long TOTAL_BYTES = 5000;

    @TempDir
    Path folder;

    private static SessionUpdate update(String key, @Nullable String value) {
        Map<String, byte @Nullable []> changes = new HashMap<>();
        changes.put(key, value == null ? null : value.getBytes(StandardCharsets.UTF_8));
        return new SessionUpdate(changes, 3, true, null, 2, LATER);
    }

    private static SessionUpdate answer(String key) {
        return new SessionUpdate(
                Map.of(), 3, false, new SessionUpdate.Answer(key, new byte[] {1}), 2, Instant.EPOCH.plusSeconds(5));
    }

    private static <T> T get(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private static SessionRecord put(SessionStore store, String session, long expected, String value) {
        return ((Commit.Committed) get(store.commit(session, expected, update("a", value)))).record();
    }

    private Path path() {
        return folder.resolve("sessions");
    }

    private FileSessionStore open(Durability durability) throws IOException {
        return FileSessionStore.open(path(), durability, STATE_BYTES, TOTAL_BYTES);
    }

    private SessionStore store(String kind) throws IOException {
        return kind.equals("memory")
                ? new MemorySessionStore(STATE_BYTES, TOTAL_BYTES)
                : open(Durability.PROCESS_CRASH);
    }

    @Nested
    class AStore {

        @ParameterizedTest
        @ValueSource(strings = {"memory", "file"})
        void returnsWhatWasWritten(String kind) throws IOException {
            try (SessionStore store = store(kind)) {
                assertThat(get(store.load("s"))).isEmpty();

                put(store, "s", 0, "1");
                get(store.commit("s", 1, update("b", "2")));
                get(store.commit("s", 2, update("a", null)));

                SessionRecord record = get(store.load("s")).orElseThrow();
                assertThat(record.revision()).isEqualTo(3);
                assertThat(record.version()).isEqualTo(3);
                assertThat(record.epoch()).isEqualTo(3);
                assertThat(record.resident()).isTrue();
                assertThat(record.expiresAt()).isEqualTo(LATER);
                assertThat(record.state()).containsOnlyKeys("b");
                assertThat(record.state().get("b")).asString().isEqualTo("2");
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"memory", "file"})
        void writesForTheExpectedRevisionOnly(String kind) throws IOException {
            try (SessionStore store = store(kind)) {
                put(store, "s", 0, "1");

                assertThat(get(store.commit("s", 0, update("a", "2")))).isEqualTo(new Commit.Conflict(1));
                assertThat(get(store.commit("s", 2, update("a", "2")))).isEqualTo(new Commit.Conflict(1));
                assertThat(get(store.commit("t", 1, update("a", "2")))).isEqualTo(new Commit.Conflict(0));

                assertThat(get(store.load("s")).orElseThrow().state().get("a"))
                        .asString()
                        .isEqualTo("1");
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"memory", "file"})
        void keepsTheLatestAnswers(String kind) throws IOException {
            try (SessionStore store = store(kind)) {
                for (int i = 0; i < 4; i++) {
                    get(store.commit("s", i, answer("k" + i)));
                }

                SessionRecord record = get(store.load("s")).orElseThrow();
                assertThat(record.answers()).containsOnlyKeys("k2", "k3");
                assertThat(record.version()).isZero();
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"memory", "file"})
        void refusesWhatIsOverItsLimits(String kind) throws IOException {
            try (SessionStore store = store(kind)) {
                Commit large = get(store.commit("s", 0, update("a", "x".repeat(2000))));
                assertThat(large).isInstanceOfSatisfying(Commit.Refused.class, refused -> {
                    assertThat(refused.reason()).isEqualTo(SessionRefused.Reason.SESSION_QUOTA);
                    assertThat(refused.limit()).isEqualTo(STATE_BYTES);
                    assertThat(refused.size()).isGreaterThan(STATE_BYTES);
                });

                put(store, "a", 0, "x".repeat(1800));
                put(store, "b", 0, "x".repeat(1800));
                assertThat(get(store.commit("c", 0, update("a", "x".repeat(1800)))))
                        .isInstanceOfSatisfying(
                                Commit.Refused.class,
                                refused -> assertThat(refused.reason()).isEqualTo(SessionRefused.Reason.TOTAL_QUOTA));
                assertThat(get(store.load("c"))).isEmpty();

                assertThat(get(store.remove("a"))).isTrue();
                assertThat(get(store.remove("a"))).isFalse();
                put(store, "c", 0, "x".repeat(1800));
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"memory", "file"})
        void forgetsWhatHasExpiredBitByBit(String kind) throws IOException {
            try (SessionStore store = store(kind)) {
                for (int i = 0; i < 10; i++) {
                    get(store.commit("s" + i, 0, answer("k")));
                }
                put(store, "later", 0, "1");

                int removed = 0;
                for (int i = 0; i < 10; i++) {
                    int now = get(store.removeExpired(LATER, 3));
                    assertThat(now).isLessThanOrEqualTo(3);
                    removed += now;
                }

                assertThat(removed).isEqualTo(10);
                assertThat(get(store.load("later"))).isPresent();
            }
        }
    }

    @Nested
    class AFile {

        @Test
        void hasItsSessionsWhenItIsOpenedAgain() throws IOException {
            for (Durability durability : new Durability[] {
                Durability.FSYNC, Durability.PROCESS_CRASH, Durability.relaxed(Duration.ofHours(1))
            }) {
                Files.deleteIfExists(path());
                long bytes;
                try (FileSessionStore store = open(durability)) {
                    put(store, "s", 0, "1");
                    put(store, "s", 1, "2");
                    bytes = store.bytes();
                }
                try (FileSessionStore store = open(durability)) {
                    assertThat(get(store.load("s")).orElseThrow().revision()).isEqualTo(2);
                    assertThat(store.bytes()).isEqualTo(bytes);
                }
            }
        }

        @Test
        void belongsToOneStore() throws IOException {
            try (FileSessionStore store = open(Durability.FSYNC)) {
                put(store, "s", 0, "1");

                assertThatThrownBy(() -> open(Durability.FSYNC))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("cannot be opened");
            }
        }

        @Test
        void failsWhatComesAfterItsEnd() throws IOException {
            FileSessionStore store = open(Durability.FSYNC);
            store.close();
            store.close();

            assertThatThrownBy(() -> get(store.load("s"))).hasMessageContaining("closed");
        }

        @Test
        void hasNoOtherTimesThanItCanKeep() {
            assertThatThrownBy(() -> Durability.relaxed(Duration.ZERO)).hasMessageContaining("1 ms to 1 hour");
        }
    }

    /** What is in the file at a moment is what the operating system has, and so what {@code kill -9} leaves. */
    private long survivesKill() throws IOException {
        return revisionIn(path());
    }

    private long revisionIn(Path file) throws IOException {
        Path copy = folder.resolve("copy");
        Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
        try (FileSessionStore store = FileSessionStore.open(copy, Durability.PROCESS_CRASH, STATE_BYTES, TOTAL_BYTES)) {
            return get(store.load("s")).map(SessionRecord::revision).orElse(0L);
        }
    }

    @Nested
    class AnAnswer {

        @Test
        void meansThatTheChangeSurvivesTheLossOfPowerWithFsync() throws IOException {
            Forced disk = new Forced();
            Forced.image = folder.resolve("forced");
            FilePath.register(disk);
            try (FileSessionStore store =
                    FileSessionStore.open("forced:" + path(), Durability.FSYNC, STATE_BYTES, TOTAL_BYTES)) {
                for (int i = 0; i < 20; i++) {
                    put(store, "s", i, "v" + i);

                    assertThat(revisionIn(folder.resolve("forced"))).isEqualTo(i + 1);
                }
            } finally {
                FilePath.unregister(disk);
            }
        }

        @Test
        void meansThatTheChangeSurvivesTheEndOfTheProcessWithProcessCrash() throws IOException {
            Forced disk = new Forced();
            Forced.image = folder.resolve("forced");
            FilePath.register(disk);
            try (FileSessionStore store =
                    FileSessionStore.open("forced:" + path(), Durability.PROCESS_CRASH, STATE_BYTES, TOTAL_BYTES)) {
                int before = Forced.FORCES.get();
                for (int i = 0; i < 20; i++) {
                    put(store, "s", i, "v" + i);

                    assertThat(survivesKill()).isEqualTo(i + 1);
                }
                assertThat(Forced.FORCES.get() - before)
                        .as("flushes to the disk")
                        .isZero();
            } finally {
                FilePath.unregister(disk);
            }
        }

        @Test
        void comesBeforeTheChangeIsWrittenWhenRelaxed() throws IOException {
            try (FileSessionStore store = open(Durability.relaxed(Duration.ofHours(1)))) {
                put(store, "s", 0, "1");

                assertThat(survivesKill()).isZero();
                assertThat(get(store.load("s"))).isPresent();
            }
            assertThat(survivesKill()).isEqualTo(1);
        }

        @Test
        void isFollowedByTheWritingWithinTheTimeWhenRelaxed() throws IOException {
            try (FileSessionStore store = open(Durability.relaxed(Duration.ofMillis(1)))) {
                put(store, "s", 0, "1");

                int looks = 0;
                while (survivesKill() == 0) {
                    assertThat(++looks).as("looks at the file").isLessThan(10_000);
                }
            }
        }
    }

    @Nested
    class AnErrorInWriting {

        private void onADisk(Durability durability, CheckedConsumer test) throws IOException {
            Forced disk = new Forced();
            Forced.image = folder.resolve("forced");
            FilePath.register(disk);
            try (FileSessionStore store =
                    FileSessionStore.open("forced:" + path(), durability, STATE_BYTES, TOTAL_BYTES)) {
                test.accept(store);
            } finally {
                Forced.full = false;
                FilePath.unregister(disk);
            }
        }

        private static void putWhenItGoesAgain(FileSessionStore store, long expected, String value) {
            boolean done = false;
            for (int tries = 0; !done; tries++) {
                assertThat(tries).as("tries").isLessThan(10_000_000);
                done = store.commit("s", expected, update("a", value))
                        .toCompletableFuture()
                        .handle((commit, failure) -> commit instanceof Commit.Committed)
                        .join();
            }
        }

        @Test
        void failsWhatIsAskedMeanwhileAndNothingAfterwards() throws IOException {
            for (Durability durability : new Durability[] {Durability.FSYNC, Durability.PROCESS_CRASH}) {
                Files.deleteIfExists(path());
                onADisk(durability, store -> {
                    put(store, "s", 0, "1");
                    put(store, "s", 1, "2");
                    Forced.full = true;
                    assertThatThrownBy(() -> put(store, "s", 2, "3")).hasRootCauseMessage("the disk is full");
                    assertThatThrownBy(() -> put(store, "s", 2, "3")).isInstanceOf(CompletionException.class);
                    Forced.full = false;

                    putWhenItGoesAgain(store, 2, "4");

                    SessionRecord record = get(store.load("s")).orElseThrow();
                    assertThat(record.revision()).isEqualTo(3);
                    assertThat(record.state().get("a")).asString().isEqualTo("4");
                    assertThat(survivesKill()).isEqualTo(3);
                });
            }
        }

        @ParameterizedTest
        @ValueSource(booleans = {true, false})
        void isNotFollowedByANewFileWhereTheOldOneIsGone(boolean emptied) throws IOException {
            onADisk(Durability.PROCESS_CRASH, store -> {
                put(store, "s", 0, "1");
                Forced.full = true;
                assertThatThrownBy(() -> put(store, "s", 1, "2")).hasRootCauseMessage("the disk is full");
                Forced.full = false;
                Path elsewhere = Files.move(path(), folder.resolve("elsewhere"));
                if (emptied) {
                    Files.createFile(path());
                }

                assertThatThrownBy(() -> get(store.load("s"))).hasMessageContaining("is gone");

                Files.move(elsewhere, path(), StandardCopyOption.REPLACE_EXISTING);
                putWhenItGoesAgain(store, 1, "2");
            });
            assertThat(survivesKill()).isEqualTo(2);
        }

        @Test
        void losesNothingThatWasAnsweredBeforeItWasWritten() throws IOException {
            onADisk(Durability.relaxed(Duration.ofMillis(2)), store -> {
                put(store, "s", 0, "1");
                for (int looks = 0; survivesKill() == 0; looks++) { // Whose writing would meet the full disk otherwise.
                    assertThat(looks).as("looks at the file").isLessThan(10_000);
                }
                Forced.full = true;
                put(store, "s", 1, "2");
                boolean failed = false;
                while (!failed) {
                    failed = store.load("t")
                            .handle((stored, failure) -> failure != null)
                            .toCompletableFuture()
                            .join();
                }
                Forced.full = false;

                putWhenItGoesAgain(store, 2, "3");
            });
            assertThat(survivesKill()).isEqualTo(3);
        }
    }

    @FunctionalInterface
    private interface CheckedConsumer {
        void accept(FileSessionStore store) throws IOException;
    }

    /** A disk that shows what it would have after a loss of power: what was there at the last flush. */
    public static final class Forced extends FilePathWrapper {

        // Its library makes one object for each file, by a constructor without arguments.
        private static final AtomicInteger FORCES = new AtomicInteger();
        private static volatile Path image = Path.of("");
        private static volatile boolean full;

        /** For its library. */
        public Forced() {}

        @Override
        public String getScheme() {
            return "forced";
        }

        @Override
        public FileChannel open(String mode) throws IOException {
            return new ForcedChannel(getBase().open(mode), Path.of(getBase().toString()));
        }
    }

    private static final class ForcedChannel extends FileBase {

        private final FileChannel base;
        private final Path file;

        ForcedChannel(FileChannel base, Path file) {
            this.base = base;
            this.file = file;
        }

        @Override
        public void force(boolean metaData) throws IOException {
            base.force(metaData);
            Forced.FORCES.incrementAndGet();
            Files.copy(file, Forced.image, StandardCopyOption.REPLACE_EXISTING);
        }

        @Override
        public int read(ByteBuffer to) throws IOException {
            return base.read(to);
        }

        @Override
        public synchronized int read(ByteBuffer to, long position) throws IOException {
            return base.read(to, position);
        }

        private static void room() throws IOException {
            if (Forced.full) {
                throw new IOException("the disk is full");
            }
        }

        @Override
        public int write(ByteBuffer from) throws IOException {
            room();
            return base.write(from);
        }

        @Override
        public synchronized int write(ByteBuffer from, long position) throws IOException {
            room();
            return base.write(from, position);
        }

        @Override
        public long position() throws IOException {
            return base.position();
        }

        @Override
        public FileChannel position(long position) throws IOException {
            base.position(position);
            return this;
        }

        @Override
        public long size() throws IOException {
            return base.size();
        }

        @Override
        public FileChannel truncate(long size) throws IOException {
            base.truncate(size);
            return this;
        }

        @Override
        public FileLock tryLock(long position, long size, boolean shared) throws IOException {
            return base.tryLock(position, size, shared);
        }

        @Override
        protected void implCloseChannel() throws IOException {
            base.close();
        }
    }
}
