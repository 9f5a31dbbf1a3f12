package dev.vivarium.cli;

import java.io.PrintWriter;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command {@code vivarium}. */
@Command(
        name = "vivarium",
        description = "Runs Python functions in supervised worker processes.",
        mixinStandardHelpOptions = true,
        version = "vivarium 0.1.0",
        subcommands = {RunCommand.class, DoctorCommand.class, ChaosCommand.class},
        footer = {
            "",
            "Exit status: 0 all ok, 2 some calls failed, 64 wrong usage, 69 no usable Python,",
            "70 a defect of ours, 74 reading or writing failed, 130 interrupted, 141 the output's reader has left."
        })
public final class Main implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything is called.
    private CommandSpec spec;

    /** Runs the command and exits with its status. */
    public static void main(String[] args) {
        // Before any other thread logs: records that come while the backend starts would be replayed with a warning.
        LoggerFactory.getILoggerFactory();
        int status = execute(args);
        System.exit(status == ExitCode.OK ? statusOfOutput() : status);
    }

    /** Help and the doctor's findings are for standard output, which may fail like any file. */
    private static int statusOfOutput() {
        if (!System.out.checkError()) {
            return ExitCode.OK;
        }
        int status = StandardStreams.statusOfFailedWrite(StandardStreams.OUTPUT);
        if (status == ExitCode.IO_ERROR) {
            System.err.println("vivarium: writing standard output failed");
        }
        return status;
    }

    /** Runs the command and returns its exit status. */
    static int execute(String... args) {
        CommandLine commandLine = new CommandLine(new Main());
        commandLine.addSubcommand(BenchCommand.create());
        commandLine.registerConverter(java.time.Duration.class, new Durations());
        commandLine.setParameterExceptionHandler((error, arguments) -> {
            PrintWriter err = error.getCommandLine().getErr();
            err.println("vivarium: " + error.getMessage());
            CommandLine.UnmatchedArgumentException.printSuggestions(error, err);
            err.println("Try 'vivarium "
                    + (error.getCommandLine().getParent() == null ? "" : path(error.getCommandLine()) + " ")
                    + "--help'.");
            return ExitCode.USAGE;
        });
        commandLine.setExecutionExceptionHandler((error, where, parsed) -> {
            if (error instanceof UserError user) {
                if (!String.valueOf(user.getMessage()).isEmpty()) {
                    where.getErr().println("vivarium: " + user.getMessage());
                }
                return user.exitCode();
            }
            where.getErr().println("vivarium: this is a defect of vivarium; please report it with what follows");
            error.printStackTrace(where.getErr());
            return ExitCode.DEFECT;
        });
        return commandLine.execute(args);
    }

    /** Returns the words that lead to a subcommand. */
    private static String path(CommandLine command) {
        CommandLine parent = command.getParent();
        return parent == null || parent.getParent() == null
                ? command.getCommandName()
                : path(parent) + " " + command.getCommandName();
    }

    /** Called without a subcommand, which is wrong usage. */
    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "a command is needed: run, doctor, bench or chaos");
    }
}
