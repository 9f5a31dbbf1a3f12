package dev.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileDescriptor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The limit of open files. */
class OpenFilesTest extends CommandFixture {

    private Result limitedTo(int limit, int workers) throws Exception {
        file("handlers.py", HANDLERS);
        file("in.txt", "a\nb\n");
        ProcessBuilder command = command(
                "run",
                "--handlers",
                "handlers.py",
                "--call",
                "shout",
                "--input",
                "in.txt",
                "--workers",
                Integer.toString(workers));
        List<String> direct = command.command();
        direct.addAll(0, List.of("sh", "-c", "ulimit -n " + limit + "; exec \"$@\"", "sh"));
        return finish(command);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void thatDoesNotCarryTheWorkersRefusesThemAtTheStart() throws Exception {
        isRefused(limitedTo(256, 100), ExitCode.USAGE, "--workers: 100 workers need", "it is 256", "ulimit -n");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void thatJustCarriesThemIsEnough() throws Exception {
        Result result = limitedTo(160, 2);

        assertThat(result.status()).as(result.err()).isZero();
        assertThat(result.out()).isEqualTo("{\"result\": \"A\"}\n{\"result\": \"B\"}\n");
    }

    @Test
    void isNotMetByClosingStandardStreams() throws Exception {
        // Closed, Java would open /dev/null in their place.
        StandardStreams.input().close();
        StandardStreams.output().close();

        assertThat(FileDescriptor.in.valid()).isTrue();
        assertThat(FileDescriptor.out.valid()).isTrue();
    }

    @Test
    void isNotJudgedWhereItIsNotKnown() {
        assertThat(OpenFiles.problem(100, -1, 256)).isEmpty();
        assertThat(OpenFiles.problem(1024, 50, Long.MAX_VALUE)).isEmpty();
    }

    @Test
    void saysHowManyWorkersItCarries() {
        String problem = OpenFiles.problem(100, 40, 256);

        assertThat(problem).contains("at most 50 workers");
        assertThat(OpenFiles.problem(50, 40, 256)).isEmpty();
    }
}
