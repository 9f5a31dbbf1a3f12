package dev.vivarium.internal.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
}
