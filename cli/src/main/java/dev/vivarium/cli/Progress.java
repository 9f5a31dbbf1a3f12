package dev.vivarium.cli;

import dev.vivarium.PoolSnapshot;
import dev.vivarium.WorkerSnapshot.Phase;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Locale;

/** Draws one line on a terminal, again and again. */
final class Progress {

    private static final String CLEAR = "\r\u001b[K";

    private final PrintStream terminal;
    private boolean drawn;

    Progress(PrintStream terminal) {
        this.terminal = terminal;
    }

    /** Returns the terminal for everybody else: what is written there takes the place of the line, until the next draw. */
    PrintStream terminal() {
        return new PrintStream(
                new OutputStream() {
                    @Override
                    public void write(int b) {
                        write(new byte[] {(byte) b}, 0, 1);
                    }

                    @Override
                    public void write(byte[] bytes, int offset, int length) {
                        synchronized (Progress.this) {
                            clear();
                            terminal.write(bytes, offset, length);
                            terminal.flush();
                        }
                    }
                },
                true);
    }

    /** Returns whether standard error is a terminal. Java cannot tell; the launcher can, and says so. */
    static boolean onTerminal() {
        return "1".equals(System.getenv("VIVARIUM_STDERR_TTY"));
    }

    synchronized void draw(Tally tally, PoolSnapshot pool) {
        terminal.print(CLEAR + text(tally.done(), tally.failed(), tally.seconds(), pool));
        terminal.flush();
        drawn = true;
    }

    static String text(long done, long failed, double seconds, PoolSnapshot pool) {
        return String.format(
                Locale.ROOT,
                "%,d done  %,.0f/s  workers: %d idle, %d busy, %d starting%s  restarts %d  failed %d",
                done,
                done / Math.max(seconds, 1e-9),
                pool.count(Phase.IDLE),
                pool.count(Phase.BUSY),
                pool.count(Phase.STARTING),
                pool.count(Phase.BACKING_OFF) == 0 ? "" : ", " + pool.count(Phase.BACKING_OFF) + " backing off",
                pool.restarts(),
                failed);
    }

    synchronized void clear() {
        if (drawn) {
            terminal.print(CLEAR);
            terminal.flush();
            drawn = false;
        }
    }
}
