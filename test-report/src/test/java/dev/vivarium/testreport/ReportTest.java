package dev.vivarium.testreport;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page, the text and the JSON of a build say what its files say. */
class ReportTest {

    private static final Instant NOON = Instant.parse("2030-01-01T12:00:00Z");

    private static final String PASSED =
            "{\"class\":\"b.ShopTest\",\"method\":\"sells\",\"name\":\"sells()\",\"layer\":\"\",\"status\":\"passed\",\"ms\":1,"
                    + "\"seed\":\"\",\"failure\":\"\"}";

    @TempDir
    Path folder;

    private Build build;

    @BeforeEach
    void begins() {
        build = new Build(folder);
    }

    private JsonNode json() throws IOException {
        return new ObjectMapper()
                .readTree(folder.resolve("target/test-report/report.json").toFile());
    }

    private void aBuildOfTwoModules() throws IOException {
        build.file(
                "wire/target/surefire-reports/TEST-a.WireTest.xml",
                "<testsuite tests='3'><properties><property name='x' value='y'/></properties>",
                "<testcase name='reads()' classname='a.WireTest' time='1,002.5'/>",
                "<testcase name='skips()' classname='a.WireTest' time='0'><skipped/></testcase>",
                "<testcase name='draws(int)[2]' classname='a.WireTest$Random' time='0.25'>",
                "<failure message='1 &lt; 2' type='AssertionError'><![CDATA[AssertionError: with seed 77",
                " at a.WireTest]]></failure><system-out>seed=5</system-out></testcase></testsuite>");
        build.file(
                "shop/target/test-journal.jsonl",
                "{\"class\":\"b.ShopTest\",\"method\":\"sells\",\"name\":\"on layer FAKE\",\"layer\":\"FAKE\",\"status\":\"passed\","
                        + "\"ms\":250.5,\"seed\":\"\",\"failure\":\"\"}",
                "{\"class\":\"b.ShopTest$Sale\",\"method\":\"sells\",\"name\":\"on layer PYTHON\",\"layer\":\"PYTHON\","
                        + "\"status\":\"failed\",\"ms\":500,\"seed\":\"-12\",\"failure\":\"Wrong: <b>\\nat b.ShopTest\"}");
        build.file(
                "shop/target/surefire-reports/TEST-b.ShopTest.xml",
                "<testsuite><testcase name='sells(TestPool)[1]' classname='b.ShopTest$Sale' time='9'/></testsuite>");
    }

    @Nested
    class TheTests {

        @Test
        void areOfTheJournalsAndWhatIsInNoneOfSurefires() throws Exception {
            aBuildOfTwoModules();

            int status = build.run(
                    "report", "--root", build.root(), "--run", "all", "--seconds", "60", "--commit", "abc1234");

            assertThat(status).isZero();
            assertThat(build.out())
                    .contains("all of abc1234: 5 tests, 2 failed, 1003.5 s of tests, 60 s in all")
                    .contains("layer FAKE          1 tests")
                    .contains("layer PYTHON        1 tests")
                    .contains("layer none          3 tests")
                    .containsSubsequence(
                            "failed: b.ShopTest$Sale#sells, on layer PYTHON (not classified), seed -12",
                            "  Wrong: <b>",
                            "failed: a.WireTest$Random#draws, draws(int)[2] (not classified), seed 77",
                            "  AssertionError: 1 < 2")
                    .contains("slowest: 1002.50 s a.WireTest#reads");
        }

        @Test
        void areOnAPageThatNeedsNothingElseAndTrustsNoText() throws Exception {
            aBuildOfTwoModules();

            build.run("report", "--root", build.root());

            assertThat(build.page())
                    .contains("Wrong: &lt;b&gt;")
                    .doesNotContain("<b>")
                    .doesNotContain("http")
                    .doesNotContain("<script")
                    .doesNotContain(" src=");
            assertThat(json().path("build").path("failed").asInt()).isEqualTo(2);
            assertThat(json().path("layers").path("PYTHON").path("failed").asInt())
                    .isEqualTo(1);
            assertThat(Files.readString(folder.resolve("target/test-report/summary.txt")))
                    .contains("5 tests, 2 failed");
        }

        @Test
        void areShownWithWhatTheClassifierFoundAndWithTheSeedsThatAreKept() throws Exception {
            aBuildOfTwoModules();
            build.file(
                    "target/test-report/classified/ShopTest.json",
                    "[{\"test\":\"b.ShopTest$Sale#sells\",\"kind\":\"flaky\",\"runs\":[]}]");
            build.file("kept/seeds", "# comment", "-12\tPYTHON\tb.ShopTest$Sale#sells");

            build.run("report", "--root", build.root(), "--failing-seeds", build.path("kept/seeds"));

            assertThat(build.out()).contains("b.ShopTest$Sale#sells, on layer PYTHON (flaky)");
            assertThat(build.page()).contains("-12 PYTHON b.ShopTest$Sale#sells");
        }

        @Test
        void areOfSurefireWhereTheJournalEndsBeforeTheFailure() throws Exception {
            build.file("shop/target/test-journal.jsonl", PASSED);
            build.file(
                    "shop/target/surefire-reports/TEST-b.ShopTest.xml",
                    "<testsuite><testcase name='sells()' classname='b.ShopTest' time='1'/>",
                    "<testcase name='halts()' classname='b.ShopTest' time='1'><error type='Crash' message='gone'/></testcase>",
                    "</testsuite>");

            build.run("report", "--root", build.root());

            assertThat(build.out()).contains("2 tests, 1 failed").contains("failed: b.ShopTest#halts");
        }

        @Test
        void areNotTakenForPassedWhenTheBuildWasNotWell() throws Exception {
            build.file("shop/target/test-journal.jsonl", PASSED);

            build.run("report", "--root", build.root(), "--status", "1");

            assertThat(build.out()).contains("the build ended with status 1");
            assertThat(build.page()).contains("the build failed, with status 1").doesNotContain("passed</span>");
        }

        @Test
        void areReadWithoutALineThatIsCutOff() throws Exception {
            build.file("shop/target/test-journal.jsonl", PASSED, "{\"class\":\"b.Sh");
            build.file("shop/target/surefire-reports/TEST-b.HalfTest.xml", "<testsuite><testcase name='x()' ");

            int status = build.run("report", "--root", build.root());

            assertThat(status).isZero();
            assertThat(build.out())
                    .contains("1 tests, 0 failed")
                    .contains("test-journal.jsonl, line 2, is no result of a test")
                    .contains("TEST-b.HalfTest.xml is no whole report");
            assertThat(build.page()).contains("is no result of a test");
        }

        @Test
        void showWhatTheyFailedWithThoughItBeginsWithAnEmptyLineAndIsLong() throws Exception {
            build.file(
                    "shop/target/surefire-reports/TEST-b.ShopTest.xml",
                    "<testsuite><testcase name='sells()' classname='b.ShopTest' time='1'>",
                    "<failure type='AssertionError' message='&#10;expected: 1&#10; but was: 2" + "x".repeat(3_000_000)
                            + "'/></testcase></testsuite>");

            build.run("report", "--root", build.root());

            assertThat(build.out())
                    .contains("AssertionError: expected: 1 but was: 2xxx")
                    .hasSizeLessThan(5_000);
            assertThat(build.page()).contains("expected: 1 but was: 2xxx").hasSizeLessThan(20_000);
        }

        @Test
        void areNotClassifiedByWhatWasFoundBeforeTheyWereRun() throws Exception {
            aBuildOfTwoModules();
            build.file(
                    "target/test-report/classified/ShopTest.json",
                    "[{\"test\":\"b.ShopTest$Sale#sells\",\"name\":\"on layer PYTHON\",\"kind\":\"flaky\",\"runs\":[]}]");
            Files.setLastModifiedTime(
                    folder.resolve("target/test-report/classified/ShopTest.json"),
                    FileTime.from(NOON.minusSeconds(1_000_000_000)));

            build.run("report", "--root", build.root());

            assertThat(build.out()).contains("on layer PYTHON (not classified)");
        }

        @Test
        void areClassifiedEachForItself() throws Exception {
            String failed = "{\"class\":\"b.ShopTest\",\"method\":\"sells\",\"name\":\"on layer %s\",\"layer\":\"%s\","
                    + "\"status\":\"failed\",\"ms\":1,\"seed\":\"1\",\"failure\":\"x\"}";
            build.file(
                    "shop/target/test-journal.jsonl",
                    String.format(failed, "FAKE", "FAKE"),
                    String.format(failed, "PYTHON", "PYTHON"));
            String kind = "{\"test\":\"b.ShopTest#sells\",\"name\":\"on layer %s\",\"kind\":\"%s\",\"runs\":[]}";
            build.file(
                    "target/test-report/classified/ShopTest.json",
                    "[" + String.format(kind, "FAKE", "deterministic") + ",",
                    String.format(kind, "PYTHON", "flaky") + "]");

            build.run("report", "--root", build.root());

            assertThat(build.out()).contains("on layer FAKE (deterministic)").contains("on layer PYTHON (flaky)");
        }

        @Test
        void areNoneWhereNothingWasRun() {
            assertThat(build.run("report", "--root", build.root())).isEqualTo(66);
            assertThat(build.err()).contains("no results of tests below");
        }
    }

    @Nested
    class CoverageAndMutants {

        private static final String HEAD = "GROUP,PACKAGE,CLASS,LINE_MISSED,LINE_COVERED";

        @Test
        void areThoseOfEachModuleAndOfTheTestsOfAllWhereTheseWerePutTogether() throws Exception {
            aBuildOfTwoModules();
            build.file("wire/target/site/jacoco/jacoco.csv", HEAD, "Wire,a,A,10,30", "Wire,a,B,0,60");
            build.file("shop/target/site/jacoco/jacoco.csv", HEAD, "Shop,b,A,50,50");
            build.file("tests/target/coverage/coverage.csv", HEAD, "\"All, together/shop\",b,A,20,80");
            build.file(
                    "shop/target/pit-reports/mutations.xml",
                    "<mutations><mutation detected='true' status='KILLED'><mutator>m</mutator></mutation>",
                    "<mutation detected='true' status='TIMED_OUT'/><mutation detected='true' status='KILLED'/>",
                    "<mutation detected='false' status='SURVIVED'/></mutations>");

            build.run("report", "--root", build.root());

            assertThat(build.out())
                    .contains("coverage wire              90.0 % of 100")
                    .contains("coverage shop              80.0 % of 100")
                    .contains("coverage all               85.0 % of 200")
                    .contains("mutants detected shop              75.0 % of 4");
        }

        @Test
        void areSaidNotToBeMeasuredWhereTheyAreNot() throws Exception {
            aBuildOfTwoModules();

            build.run("report", "--root", build.root());

            assertThat(build.out()).contains("coverage: not measured").contains("mutants detected: not measured");
        }
    }

    @Nested
    class TheHistory {

        private int report(String run, String... more) {
            List<String> words = new ArrayList<>(List.of(
                    "report", "--root", build.root(), "--run", run, "--history", build.path("kept/builds.jsonl")));
            words.addAll(List.of(more));
            return build.run(words.toArray(String[]::new));
        }

        private void builds(int count) throws IOException {
            builds(count, 1);
        }

        private void builds(int count, double seconds) throws IOException {
            for (int i = 0; i < count; i++) {
                build.took("b.ShopTest", seconds + i / 10.0, NOON.plusSeconds(i));
                report("unit");
            }
        }

        @Test
        void saysWhichClassesGotSlowerThanTheyUsedToBe() throws Exception {
            builds(3);
            build.took("b.ShopTest", 2.5, NOON.plusSeconds(60));

            report("unit");

            assertThat(build.out()).contains("slower: b.ShopTest took 2.5 s, usually 1.1");
            assertThat(build.page()).contains("4 builds, this one as the last").contains("<svg ");
        }

        @Test
        void doesNotCallALongClassSlowerForASecond() throws Exception {
            builds(3, 10);
            build.took("b.ShopTest", 11.5, NOON.plusSeconds(60));

            report("unit");

            assertThat(build.out()).doesNotContain("slower:");
        }

        @Test
        void doesNotCallALittleSlower() throws Exception {
            builds(3);
            build.took("b.ShopTest", 1.55, NOON.plusSeconds(60));

            report("unit");

            assertThat(build.out()).doesNotContain("slower:");
            assertThat(build.page()).contains("Nothing by much.");
        }

        @Test
        void comparesWithBuildsOfTheSameKindOnly() throws Exception {
            builds(3);
            build.took("b.ShopTest", 9, NOON.plusSeconds(60));

            report("all");

            assertThat(build.out()).contains("what got slower: not known before 3 earlier builds");
        }

        @Test
        void comparesWithBuildsOfTheSameLayersOnly() throws Exception {
            builds(3);
            build.took("b.ShopTest", 9, NOON.plusSeconds(60));

            report("unit", "--layers", "FAKE,PYTHON");

            assertThat(build.out()).contains("what got slower: not known before 3 earlier builds");
        }

        @Test
        void takesTheMiddleOfAnEvenNumberBetweenTheTwoInTheMiddle() throws Exception {
            for (int i = 0; i < 4; i++) {
                build.took("b.ShopTest", i < 2 ? 1 : 2, NOON.plusSeconds(i));
                report("unit");
            }
            build.took("b.ShopTest", 3, NOON.plusSeconds(60));

            report("unit");

            assertThat(build.out()).contains("slower: b.ShopTest took 3.0 s, usually 1.5");
        }

        @Test
        void doesNotCompareWithBuildsThatEndedBadly() throws Exception {
            builds(2);
            build.took("b.ShopTest", 1, NOON.plusSeconds(30));
            report("unit", "--status", "1");
            build.took("b.ShopTest", 9, NOON.plusSeconds(60));

            report("unit");

            assertThat(build.out()).contains("what got slower: not known before 3 earlier builds");
        }

        @Test
        void isReadWithoutALineThatIsCutOffWhichStays() throws Exception {
            build.file("kept/builds.jsonl", "{\"at\":\"20");
            build.took("b.ShopTest", 1, NOON);

            int status = report("unit");

            assertThat(status).isZero();
            assertThat(build.out()).contains("builds.jsonl, line 1, is no record of a build");
            assertThat(Files.readAllLines(folder.resolve("kept/builds.jsonl"))).hasSize(2);
        }

        @Test
        void learnsOfMutantsThatAreCountedAfterTheTests() throws Exception {
            builds(1);
            build.file(
                    "shop/target/pit-reports/mutations.xml",
                    "<mutations><mutation detected='true' status='KILLED'/></mutations>");
            Files.setLastModifiedTime(
                    folder.resolve("shop/target/pit-reports/mutations.xml"), FileTime.from(NOON.plusSeconds(30)));

            report("unit");

            assertThat(Files.readAllLines(folder.resolve("kept/builds.jsonl")))
                    .singleElement()
                    .asString()
                    .contains("\"mutants\":{\"shop\"");
        }

        @Test
        void hasNoMutantsThatWereCountedBeforeTheTests() throws Exception {
            build.file(
                    "shop/target/pit-reports/mutations.xml",
                    "<mutations><mutation detected='true' status='KILLED'/></mutations>");
            build.took("b.ShopTest", 1, Instant.now().plusSeconds(60));

            report("unit");

            assertThat(build.out()).contains("mutants detected: not measured");
        }

        @Test
        void hasABuildOnceHoweverOftenItIsReported() throws Exception {
            builds(2);
            report("unit");

            assertThat(Files.readAllLines(folder.resolve("kept/builds.jsonl"))).hasSize(2);
        }

        @Test
        void isNotWrittenUnlessItIsNamed() throws Exception {
            aBuildOfTwoModules();

            build.run("report", "--root", build.root());

            try (var files = Files.walk(folder)) {
                assertThat(files.filter(Files::isRegularFile).map(Path::toString))
                        .allMatch(file -> file.contains("/target/"));
            }
        }
    }
}
