package dev.vivarium.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.vivarium.PoolStartFailed;
import dev.vivarium.chaos.ChaosResult;
import dev.vivarium.chaos.ChaosRun;
import dev.vivarium.chaos.RunSettings;
import dev.vivarium.chaos.Scenario;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** One run of a scenario from the command line: with signals, without the pool's warnings, which are of what is done on purpose. */
final class ChaosSession {

    private final CommandLine line;

    ChaosSession(CommandLine line) {
        this.line = line;
    }

    /** Leaves the pool's warnings out. */
    static void silence() {
        ((Logger) LoggerFactory.getLogger("dev.vivarium")).setLevel(Level.OFF);
        ((Logger) LoggerFactory.getLogger("dev.vivarium.internal.worker")).setLevel(Level.OFF);
        ((Logger) LoggerFactory.getLogger("dev.vivarium.internal.guardian")).setLevel(Level.OFF);
    }

    ChaosResult run(Scenario scenario, RunSettings settings) throws InterruptedException, UserError {
        Optional<String> trouble = InterpreterProbe.trouble(settings.python());
        if (trouble.isPresent()) {
            throw new UserError(ExitCode.UNAVAILABLE, trouble.get());
        }
        silence();
        Interrupts interrupts = new Interrupts();
        interrupts.install(Thread.currentThread()::interrupt);
        try {
            return ChaosRun.run(scenario, settings.withProgress(this::say));
        } catch (PoolStartFailed e) {
            throw new UserError(ExitCode.UNAVAILABLE, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            throw UserError.quiet(interrupts.status() == 0 ? ExitCode.INTERRUPTED : interrupts.status());
        } catch (IOException e) {
            throw new UserError(ExitCode.IO_ERROR, "the report could not be written: " + e.getMessage());
        }
    }

    private synchronized void say(String what) {
        line.getErr().println(what);
        line.getErr().flush();
    }
}
