package dev.vivarium.internal.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The unpacked Python package. */
class PythonPackageTest {

    @TempDir
    Path folder;

    @Test
    void isLeftAsItIsWhereItIsWhole() throws Exception {
        Path first = PythonPackage.unpack(folder, "a");
        Path compiled = Files.createFile(first.resolve("compiled"));

        assertThat(PythonPackage.unpack(folder, "b")).isEqualTo(first);

        assertThat(compiled).exists();
    }

    @Test
    void isReplacedWhereItIsDamaged() throws Exception {
        Path first = PythonPackage.unpack(folder, "a");
        Path script = first.resolve("vivarium_guardian.py");
        String whole = Files.readString(script);
        Files.writeString(script, "damaged");

        assertThat(PythonPackage.unpack(folder, "b")).isEqualTo(first);

        assertThat(script).hasContent(whole);
        try (Stream<Path> left = Files.list(first.getParent())) {
            assertThat(left.filter(path -> path.toString().endsWith(".new"))).isEmpty();
        }
    }
}
