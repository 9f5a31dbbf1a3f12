package dev.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What a run does to files: those it reads stay as they are, and what cannot be written is said. */
class CommandFilesTest extends CommandFixture {

    private static final String INPUT = "{\"x\": 1}\n{\"x\": 2}\n";

    @Nested
    class AFileOfTwoRoles {

        private void staysAsItIs(Path file, String content, Result result) throws Exception {
            isRefused(result, ExitCode.USAGE, "the same file");
            assertThat(file).hasContent(content);
        }

        @Test
        void isRefusedAsOutputUnderAnyNameOfTheInput() throws Exception {
            Path in = file("in.jsonl", INPUT);
            Files.createSymbolicLink(folder.resolve("symbolic"), in);
            Files.createLink(folder.resolve("hard"), in);

            for (String name : List.of("in.jsonl", "symbolic", "hard", "./in.jsonl")) {
                staysAsItIs(in, INPUT, handlers("double", "--input", "in.jsonl", "--output", name));
            }
        }

        @Test
        void isRefusedAsOutputWhenStandardInputComesFromIt() throws Exception {
            Path in = file("in.jsonl", INPUT);
            file("handlers.py", HANDLERS);

            Result result =
                    finish(command("run", "--handlers", "handlers.py", "--call", "double", "--output", "in.jsonl")
                            .redirectInput(in.toFile()));

            staysAsItIs(in, INPUT, result);
        }

        @Test
        void isRefusedAsSummaryAndInPlaceOfTheHandlers() throws Exception {
            Path in = file("in.jsonl", INPUT);
            Path handlers = folder.resolve("handlers.py");

            staysAsItIs(in, INPUT, handlers("double", "--input", "in.jsonl", "--summary", "in.jsonl"));
            staysAsItIs(handlers, HANDLERS, handlers("double", "--input", "in.jsonl", "--output", "handlers.py"));
            staysAsItIs(handlers, HANDLERS, handlers("double", "--input", "in.jsonl", "--summary", "handlers.py"));
            isRefused(handlers("double", "--output", "new", "--summary", "./new"), ExitCode.USAGE, "the same file");
            assertThat(folder.resolve("new")).doesNotExist();
        }

        @Test
        void isNoTroubleWhenItIsNoFile() throws Exception {
            file("in.jsonl", INPUT);

            Result result =
                    handlers("double", "--input", "in.jsonl", "--output", "/dev/null", "--summary", "/dev/null");

            assertThat(result.status()).as(result.err()).isZero();
        }
    }

    @Nested
    class WhatIsThere {

        @Test
        void staysWhenTheRunDoesNotBegin() throws Exception {
            Path out = file("out.jsonl", "precious\n");
            Path summary = file("summary.json", "precious too\n");
            file("in.jsonl", INPUT);

            isRefused(
                    handlers("dubble", "--input", "in.jsonl", "--output", "out.jsonl", "--summary", "summary.json"),
                    ExitCode.USAGE,
                    "no handler named 'dubble'");
            isRefused(
                    handlers("dubble", "--output", "new.jsonl", "--summary", "new.json"),
                    ExitCode.USAGE,
                    "no handler named 'dubble'");

            assertThat(out).hasContent("precious\n");
            assertThat(summary).hasContent("precious too\n");
            assertThat(folder.resolve("new.jsonl")).doesNotExist();
            assertThat(folder.resolve("new.json")).doesNotExist();
            assertThat(folder.toFile().list())
                    .filteredOn(name -> !name.equals("__pycache__"))
                    .hasSize(4);
        }

        @Test
        void isReplacedByARunThatDoes() throws Exception {
            Path out = file("out.jsonl", "something that is longer than the output\n".repeat(5));
            file("in.jsonl", INPUT);

            Result result = handlers("double", "--input", "in.jsonl", "--output", "out.jsonl");

            assertThat(result.status()).as(result.err()).isZero();
            assertThat(out).hasContent("{\"result\": 2}\n{\"result\": 4}\n");
        }
    }

    @Nested
    @EnabledOnOs(OS.LINUX)
    class APipe {

        @Test
        void isWrittenUnderTheNameThatAShellGivesIt() throws Exception {
            file("in.jsonl", INPUT);

            Result output = handlers("double", "--input", "in.jsonl", "--output", "/dev/stdout");
            Result both = handlers("double", "--input", "in.jsonl", "--output", "/dev/fd/1", "--summary", "/dev/fd/1");

            assertThat(output.status()).as(output.err()).isZero();
            assertThat(output.out()).isEqualTo("{\"result\": 2}\n{\"result\": 4}\n");
            assertThat(both.status()).as(both.err()).isZero();
            assertThat(both.out())
                    .startsWith("{\"result\": 2}\n{\"result\": 4}\n")
                    .contains("\"calls\" : 2");
        }

        @Test
        void thatNobodyHasOpenedIsRefused() throws Exception {
            file("in.jsonl", INPUT);

            isRefused(
                    handlers("double", "--input", "in.jsonl", "--output", "/dev/fd/999"),
                    ExitCode.USAGE,
                    "--output",
                    "/dev/fd/999");
        }
    }

    @Nested
    @EnabledOnOs(OS.LINUX)
    class OutputThatFails {

        @Test
        void withAFullDiskHasAStatusOfItsOwn() throws Exception {
            file("in.jsonl", INPUT);
            file("handlers.py", HANDLERS);

            isRefused(
                    handlers("double", "--input", "in.jsonl", "--output", "/dev/full"),
                    74,
                    "/dev/full",
                    "No space left");
            Result summary = handlers("double", "--input", "in.jsonl", "--summary", "/dev/full", "--output", "out");
            assertThat(summary.status()).as(summary.err()).isEqualTo(74);
            assertThat(summary.err())
                    .contains("vivarium: --summary", "/dev/full", "No space left")
                    .doesNotContain("\tat ");
            Result standard =
                    finish(command("run", "--handlers", "handlers.py", "--call", "double", "--input", "in.jsonl")
                            .redirectOutput(new File("/dev/full")));
            isRefused(standard, 74, "standard output", "No space left");
            assertThat(finish(command("--help").redirectOutput(new File("/dev/full")))
                            .status())
                    .isEqualTo(74);
        }

        @Test
        void whereNoFileCanBeMadeIsRefusedBeforeTheWork() throws Exception {
            file("in.jsonl", INPUT);

            isRefused(
                    handlers("double", "--input", "in.jsonl", "--output", "out", "--summary", "/proc/nope"),
                    ExitCode.USAGE,
                    "--summary",
                    "/proc/nope");
            isRefused(
                    handlers("double", "--input", "in.jsonl", "--output", "/proc/nope"),
                    ExitCode.USAGE,
                    "--output",
                    "/proc/nope");
            assertThat(folder.resolve("out")).doesNotExist();
        }

        @Test
        void becauseItsReaderHasLeftEndsQuietly() throws Exception {
            file("handlers.py", HANDLERS);
            Process process = start("run", "--handlers", "handlers.py", "--call", "shout", "--format", "lines");
            BufferedReader out = process.inputReader();
            BufferedReader err = process.errorReader();
            OutputStream in = process.getOutputStream();
            in.write("first\n".getBytes(StandardCharsets.UTF_8));
            in.flush();
            assertThat(out.readLine()).isEqualTo("{\"result\": \"FIRST\"}");

            out.close();
            in.write("second\n".getBytes(StandardCharsets.UTF_8));
            in.close();

            assertThat(process.waitFor()).isEqualTo(141);
            assertThat(err.lines()).isEmpty();
        }
    }

    @Nested
    class StandardStreamsThatAreClosed {

        @Test
        void areRefusedWhereTheyAreNeeded() throws Exception {
            file("handlers.py", HANDLERS);
            file("in.jsonl", INPUT);
            ProcessBuilder reading = command("run", "--handlers", "handlers.py", "--call", "double", "--output", "out");
            reading.environment().put("VIVARIUM_CLOSED", "0");
            ProcessBuilder writing =
                    command("run", "--handlers", "handlers.py", "--call", "double", "--input", "in.jsonl");
            writing.environment().put("VIVARIUM_CLOSED", "1");

            isRefused(finish(reading), ExitCode.USAGE, "--input", "standard input is closed");
            isRefused(finish(writing), ExitCode.USAGE, "--output", "standard output is closed");
        }
    }

    @Nested
    class ANameThatTheLocaleCannotExpress {

        @Test
        void isRefusedWithWhatToDo() throws Exception {
            file("handlers.py", HANDLERS);
            for (String option : List.of("--input", "--output", "--summary")) {
                ProcessBuilder direct = command("run", "--handlers", "handlers.py", "--call", "double", option);
                List<String> shell =
                        new ArrayList<>(List.of("sh", "-c", "exec \"$@\" \"$(printf '\\303\\274.jsonl')\"", "sh"));
                shell.addAll(direct.command());
                direct.command(shell).environment().put("LC_ALL", "C");
                direct.environment().put("PYTHONCOERCECLOCALE", "0");

                isRefused(finish(direct), ExitCode.USAGE, option, "LC_ALL=C.UTF-8");
            }
        }
    }
}
