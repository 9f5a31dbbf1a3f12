package dev.vivarium.pooltests.storm;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.FileAppender;
import dev.vivarium.InvalidPoolConfig;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The command {@code scripts/storm}: proofs, on a running pool, of what it promises. */
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
        try {
            Options options = Options.parse(args);
            logTo(options.log());
            Report report = run(options);
            System.out.print(options.json() ? report.json() : report.text());
            System.out.flush();
            return report.held() ? HELD : MISSED;
        } catch (UsageException | InvalidPoolConfig e) {
            System.err.println("storm: " + e.getMessage());
            System.err.println("Try 'scripts/storm --help'.");
            return USAGE;
        } catch (Exception e) {
            System.err.println("storm: trouble of the program's own, which says nothing about the pool");
            e.printStackTrace();
            return TROUBLE;
        }
    }

    private static Report run(Options options) throws Exception {
        return switch (options.program()) {
            case STORM -> new Storm(options).run();
            case KILL_ALL -> new KillAll(options).run();
            case CANCELS -> new Cancels(options).run();
            case RECYCLES -> new Recycles(options).run();
        };
    }

    /** A storm makes a warning of every death: they are for a file, and what the workers print is dropped. */
    private static void logTo(@Nullable String file) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.detachAndStopAllAppenders();
        if (file == null) {
            root.setLevel(Level.OFF);
            return;
        }
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern("%d{HH:mm:ss.SSS} %-5level %logger{20} [%X{worker}] %msg%n");
        encoder.start();
        FileAppender<ILoggingEvent> appender = new FileAppender<>();
        appender.setContext(context);
        appender.setFile(file);
        appender.setAppend(false);
        appender.setEncoder(encoder);
        appender.start();
        root.setLevel(Level.WARN);
        root.addAppender(appender);
    }
}
