package dev.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Where handlers come from, and what is said when they cannot be had. */
class CommandHandlersTest extends CommandFixture {

    @Nested
    class AModule {

        @Test
        void isFoundInTheCurrentFolder() throws Exception {
            file("mine.py", HANDLERS);
            file("in.txt", "a\n");

            Result result = run("run", "--handlers", "mine", "--call", "shout", "--input", "in.txt");
            Result doctor = run("doctor", "--handlers", "mine");

            assertThat(result.out()).as(result.err()).isEqualTo("{\"result\": \"A\"}\n");
            assertThat(doctor.out()).contains("ok    handlers");
        }

        @Test
        void isFoundThroughPythonPathAsAreTheImportsOfAFile() throws Exception {
            Files.createDirectories(folder.resolve("lib/deep"));
            file("lib/deep/theirs.py", HANDLERS);
            file("importing.py", "import theirs\ndef shout(text): return theirs.shout(text)\n");
            file("in.txt", "a\n");

            for (String handlers : List.of("theirs", "importing.py")) {
                ProcessBuilder command = command("run", "--handlers", handlers, "--call", "shout", "--input", "in.txt");
                command.environment().put("PYTHONPATH", "nowhere:lib/deep");

                Result result = finish(command);

                assertThat(result.out()).as(result.err()).isEqualTo("{\"result\": \"A\"}\n");
            }
        }
    }

    @Nested
    class HandlersThatEndTheWorkerWhileTheyLoad {

        @Test
        void areHandlersThatDoNotLoad() throws Exception {
            file("exits.py", "import os\nos._exit(3)\n");
            file("aborts.py", "import os\nos.abort()\n");
            file("interrupts.py", "raise KeyboardInterrupt('surely not')\n");

            isNotLoaded("exits.py", "exited with status 3");
            isNotLoaded("aborts.py", "SIGABRT");
            isNotLoaded("interrupts.py", "KeyboardInterrupt: surely not");
        }

        private void isNotLoaded(String handlers, String why) throws Exception {
            Result result = run("run", "--handlers", handlers, "--call", "f");

            assertThat(result.status()).as(result.err()).isEqualTo(ExitCode.USAGE);
            assertThat(result.err())
                    .contains("vivarium: --handlers: " + handlers + " cannot be loaded: ", why)
                    .doesNotContain("\tat ");
        }

        @Test
        void areTheHandlersTroubleForTheDoctorToo() throws Exception {
            file("exits.py", "import os\nos._exit(3)\n");

            Result doctor = run("doctor", "--handlers", "exits.py");

            assertThat(doctor.status()).isEqualTo(ExitCode.UNAVAILABLE);
            assertThat(doctor.out()).contains("fail  handlers", "exited with status 3", "-> mend");
        }
    }
}
