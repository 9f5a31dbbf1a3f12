package dev.vivarium.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.internal.guardian.PythonPackage;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The Python package that all test pools of a JVM share. */
class SharedPackageTest {

    @Test
    void isWhatAPoolFindsInItsOwnRuntimeDirectoryAndOutlivesIt() throws Exception {
        // Given two folders of test pools
        try (KitFolder lasting = KitFolder.create()) {
            Path second = PythonPackage.unpack(lasting.runtime(), "other");
            Path first;
            try (KitFolder ended = KitFolder.create()) {

                // When the second pool unpacks the package too
                first = PythonPackage.unpack(ended.runtime(), "one");

                // Then each has it in its own directory, and it is one
                assertThat(first.startsWith(ended.runtime())).isTrue();
                assertThat(second.startsWith(lasting.runtime())).isTrue();
                assertThat(first.toRealPath()).isEqualTo(second.toRealPath());
            }
            assertThat(first).doesNotExist();
            assertThat(Files.isRegularFile(second.resolve("vivarium_guardian.py")))
                    .isTrue();
        }
    }
}
