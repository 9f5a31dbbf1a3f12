package dev.vivarium.pooltests.sessions;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.vivarium.pooltests.storm.Report;
import dev.vivarium.pooltests.storm.UsageException;
import java.nio.file.Files;
import org.slf4j.LoggerFactory;

/** The command {@code scripts/session-storm}: proofs, on running pools, of what sessions promise. */
public final class Main {

    private static final int HELD = 0;
    private static final int MISSED = 1;
    private static final int USAGE = 64;
    private static final int TROUBLE = 70;

    private Main() {}

    /** Runs a program and exits with its status. */
    public static void main(String[] args) {
        System.exit(execute(args));
    }

    private static int execute(String... args) {
        if (args.length > 0 && (args[0].equals("--help") || args[args.length - 1].equals("--help"))) {
            System.out.print(Options.USAGE);
            return HELD;
        }
        // A storm makes a warning of every death.
        ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
        try {
            Options options = Options.parse(args);
            Report report = run(options);
            System.out.print(report.text());
            System.out.flush();
            if (options.json() != null) {
                Files.writeString(options.json(), report.json());
            }
            return report.held() ? HELD : MISSED;
        } catch (UsageException e) {
            System.err.println("session-storm: " + e.getMessage());
            System.err.println("Try 'scripts/session-storm --help'.");
            return USAGE;
        } catch (Exception e) {
            System.err.println("session-storm: trouble of the program's own, which says nothing about sessions");
            e.printStackTrace();
            return TROUBLE;
        }
    }

    private static Report run(Options options) throws Exception {
        return switch (options.program()) {
            case COUNT -> new CountStorm(options).run();
            case JVM_KILL -> new JvmKill(options).run();
            case BINDINGS -> new Bindings(options).run();
        };
    }
}
