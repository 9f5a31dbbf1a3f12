package dev.vivarium.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page on sabotage and what is planted say the same. */
class SabotagePageTest {

    private static final Path PAGE = Path.of("../docs/explanation/sabotage.md");
    private static final Path KIT = Path.of("src/test/java/dev/vivarium/testkit");
    private static final Path MODELS = Path.of("../supervisor/src/test/java/dev/vivarium/internal/core/model");

    /** Tests that show that a check finds nothing where nothing is. */
    private static final Pattern CLEAN = Pattern.compile("findsN(o|othing)[A-Z].*");

    private static List<String> all(Path file, String pattern) throws IOException {
        Matcher found = Pattern.compile(pattern).matcher(Files.readString(file));
        return Stream.iterate(found, Matcher::find, next -> next)
                .map(m -> m.group(1))
                .toList();
    }

    private static List<String> listed() throws IOException {
        return all(PAGE, "\\| `([a-z]\\w+)` \\|\\n");
    }

    private static List<String> planted() throws IOException {
        return Stream.of(
                        all(KIT.resolve("SabotageTest.java"), "void ((?:finds|tellsOf|ends)\\w+)\\("),
                        all(KIT.resolve("LedgerSabotageTest.java"), "void (finds\\w+)\\("),
                        all(KIT.resolve("PortSabotageTest.java"), "@Test\\s+void (\\w+)\\("))
                .flatMap(List::stream)
                .filter(name -> !CLEAN.matcher(name).matches())
                .toList();
    }

    @Test
    void thePageListsEachWrongThatIsPlantedInTheKitsTestsAndNoOther() throws Exception {
        assertThat(planted()).hasSizeGreaterThan(50);
        assertThat(listed()).containsExactlyInAnyOrderElementsOf(planted());
    }

    @Test
    void thePageListsEachBugOfTheModels() throws Exception {
        List<String> bugs = Stream.of("SabotageTest.java", "RecoverySabotageTest.java")
                .flatMap(file -> {
                    try {
                        return all(MODELS.resolve(file), "new Bug\\(\\s*\"([^\"]+)\"").stream();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                })
                .toList();

        assertThat(bugs).hasSizeGreaterThan(20);
        assertThat(Files.readString(PAGE)).contains(bugs);
    }
}
