package dev.vivarium.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.protocol.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Runs what a user would copy, and holds the README to it. The tests run in this module's folder, beside handlers.py. */
class ExamplesTest {

    private static final Pattern SNIPPET = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @Test
    void theReadmesProgramPrintsWhatItShould() throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();

        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            TenLines.main(new String[0]);
        } finally {
            System.setOut(before);
        }

        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .containsExactly("6 words", "Python says AttributeError; ran: RAN");
    }

    @Test
    void theReadmeShowsTheProgramThatIsCompiled() throws Exception {
        String readme = Files.readString(Path.of("../README.md"));
        String source = Files.readString(Path.of("src/main/java/dev/vivarium/examples/TenLines.java"));
        int start = readme.indexOf("```java\n") + 8;
        String snippet = readme.substring(start, readme.indexOf("```", start));

        assertThat(stripped(source)).contains(stripped(snippet));
        assertThat(readme).contains(Files.readString(Path.of("handlers.py")));
    }

    @Test
    void theTestingGuideShowsTestsThatAreRun() throws Exception {
        String guide = Files.readString(Path.of("../docs/guide/testing.md"));
        String source =
                stripped(Files.readString(Path.of("src/test/java/dev/vivarium/examples/TestingGuideTest.java")));
        List<String> snippets = SNIPPET.matcher(guide)
                .results()
                .map(match -> stripped(match.group(1)))
                .toList();

        assertThat(snippets)
                .hasSizeGreaterThanOrEqualTo(5)
                .allSatisfy(snippet -> assertThat(source).contains(snippet));
    }

    private static String stripped(String text) {
        return text.lines().map(String::strip).collect(Collectors.joining("\n"));
    }

    @Test
    void theCiRunsTheReadmesCommands() throws Exception {
        String readme = Files.readString(Path.of("../README.md"));
        String ci = Files.readString(Path.of("../.ci/run"));

        assertThat(readme.lines()
                        .filter(line -> line.startsWith("    "))
                        .map(String::strip)
                        .limit(2))
                .hasSize(2)
                .allSatisfy(command -> assertThat(ci.lines()).contains(command));
    }

    @Test
    void aConversationSurvivesItsWorker() {
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();

        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            ChatService.main(new String[0]);
        } finally {
            System.setOut(before);
        }

        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(
                        "> my name is Ada",
                        "Hello Ada.",
                        "> what is my name?",
                        "Your name is Ada.",
                        "> what is my name?",
                        "Your name is Ada.",
                        "> good",
                        "I heard 'good'. That is line 3 of ours.");
    }

    @Test
    void theSessionsGuideShowsTheServiceThatIsRun() throws Exception {
        String guide = Files.readString(Path.of("../docs/guide/sessions.md"));
        String sources = stripped(Files.readString(Path.of("src/main/java/dev/vivarium/examples/ChatService.java")));
        List<String> snippets = SNIPPET.matcher(guide)
                .results()
                .map(match -> stripped(match.group(1)))
                .toList();

        assertThat(snippets)
                .isNotEmpty()
                .allSatisfy(snippet -> assertThat(sources).contains(snippet));
    }

    @Test
    void aProgramSurvivesItsWorker() throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();

        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            ProgramService.main(new String[0]);
        } finally {
            System.setOut(before);
        }

        String answer = "[local] answer of context='it was me', question='who?' (local)";
        assertThat(printed.toString(StandardCharsets.UTF_8).lines()).containsExactly(answer, answer);
    }

    @Test
    void theProgramsGuideShowsTheServiceThatIsRun() throws Exception {
        String guide = Files.readString(Path.of("../docs/guide/programs.md"));
        String source = stripped(Files.readString(Path.of("src/main/java/dev/vivarium/examples/ProgramService.java")));
        List<String> snippets = SNIPPET.matcher(guide)
                .results()
                .map(match -> stripped(match.group(1)))
                .toList();

        assertThat(snippets).hasSize(3).allSatisfy(snippet -> assertThat(source).contains(snippet));
    }

    @Test
    void theServiceCountsAndRefuses() throws Exception {
        try (TextService service = new TextService(Path.of("handlers.py"))) {
            var counted = service.count("one two three").toCompletableFuture().get(30, TimeUnit.SECONDS);

            assertThat(counted).isEqualTo(new TextService.Answer.Counted(3));
        }
    }

    @Test
    void theGuideToAttachmentsShowsAServiceThatIsRun() throws Exception {
        String guide = Files.readString(Path.of("../docs/guide/attachments.md"));
        String source = stripped(Files.readString(Path.of("src/main/java/dev/vivarium/examples/ImageService.java")));

        List<String> snippets = SNIPPET.matcher(guide)
                .results()
                .map(match -> stripped(match.group(1)))
                .toList();

        assertThat(snippets).hasSize(1).allSatisfy(snippet -> assertThat(source).contains(snippet));
        try (ImageService service = new ImageService(Path.of("python/images.py"))) {
            Tensor brighter = service.brighter(new float[] {0, 0.25f, 0.5f, 1}, 2, 2, 2)
                    .toCompletableFuture()
                    .get(1, TimeUnit.MINUTES);

            assertThat(brighter.shape()).containsExactly(2L, 2L);
            assertThat(brighter.toFloats()).containsExactly(0, 0.5f, 1, 1);
        }
    }
}
