package dev.vivarium.internal.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The private directory of a pool. */
class RuntimeDirectoryTest {

    private static final int ROUNDS = 50;
    private static final int FILES = 100;

    private static void removeEach(Path directory, CyclicBarrier together) {
        try {
            together.await();
            for (int i = FILES; i-- > 0; ) {
                Files.deleteIfExists(directory.resolve("file" + i));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void isRemovedThoughOthersRemoveItsFilesMeanwhile(@TempDir Path folder) throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            // Given
            Path directory = Files.createDirectory(folder.resolve("pool" + round));
            for (int i = 0; i < FILES; i++) {
                Files.createFile(directory.resolve("file" + i));
            }
            CyclicBarrier together = new CyclicBarrier(2);
            Thread other = new Thread(() -> removeEach(directory, together));
            other.start();

            // When
            together.await();
            RuntimeDirectory.delete(directory);

            // Then
            other.join();
            assertThat(directory).doesNotExist();
        }
    }

    /** Returns what another process that wants the lock of a directory gets. */
    private static String askedForByAnother(RuntimeDirectory directory) throws IOException, InterruptedException {
        Process other = new ProcessBuilder(
                        "python3", "-c", """
                        import fcntl, sys
                        try:
                            fcntl.lockf(open(sys.argv[1], "r+"), fcntl.LOCK_EX | fcntl.LOCK_NB)
                            print("taken")
                        except BlockingIOError:
                            print("held")
                        """, directory.path().resolve("lock").toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        other.waitFor();
        return said.strip();
    }

    @Test
    @Tag("processes")
    void staysLockedWhenItsJvmMakesMore(@TempDir Path folder) throws Exception {
        // Given
        try (RuntimeDirectory first = RuntimeDirectory.create(folder, "a", "1")) {
            assertThat(askedForByAnother(first)).isEqualTo("held");

            // When
            try (RuntimeDirectory second = RuntimeDirectory.create(folder, "b", "2")) {

                // Then
                assertThat(askedForByAnother(first)).isEqualTo("held");
                assertThat(askedForByAnother(second)).isEqualTo("held");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1 started 1970-01-01T00:00:00Z"})
    void isRemovedByTheNextWhenNobodyHasItsLock(String owner, @TempDir Path folder) throws Exception {
        // Given
        Path abandoned;
        try (RuntimeDirectory directory = RuntimeDirectory.create(folder, "a", "1")) {
            abandoned = directory.path();
        }
        Files.createDirectory(abandoned);
        Files.createFile(abandoned.resolve("lock"));
        if (!owner.isEmpty()) {
            Files.writeString(abandoned.resolve("owner"), owner);
        }

        // When
        try (RuntimeDirectory next = RuntimeDirectory.create(folder, "b", "2")) {

            // Then
            assertThat(abandoned).doesNotExist();
            assertThat(next.path()).exists();
        }
    }
}
