package dev.vivarium.chaos.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.testkit.LeakAudit;
import java.io.BufferedReader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The runner's helper undoes what it did, whoever lives then; and signals nobody else's processes. */
class HelperTest {

    private static final String POOL = "test-of-the-helper";
    private static final String PROGRAM = "src/main/resources/dev/vivarium/chaos/vivarium_chaos_helper.py";

    @TempDir
    Path folder;

    private final List<Process> processes = new ArrayList<>();

    @AfterEach
    void end() {
        processes.forEach(Process::destroyForcibly);
    }

    private Process start(String mark, String... command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put(LeakAudit.MARK, mark);
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    private Process victim(String mark) throws Exception {
        Process victim = start(mark, "python3", "-c", "print('well', flush=True); input(); print('over')");
        assertThat(victim.inputReader().readLine()).isEqualTo("well");
        return victim;
    }

    private Process helper() throws Exception {
        return ready(start("none", "python3", "-I", PROGRAM, LeakAudit.MARK, POOL));
    }

    private static Process ready(Process helper) throws Exception {
        assertThat(helper.inputReader().readLine()).isEqualTo("0 ready");
        return helper;
    }

    private static void order(Process helper, String line) throws Exception {
        Writer writer = helper.outputWriter();
        writer.write(line + "\n");
        writer.flush();
    }

    @Test
    void letsWhatItHasStoppedGoOnAtTheEndOfItsTime() throws Exception {
        Process victim = victim(POOL);
        Process helper = helper();
        BufferedReader told = helper.inputReader();

        order(helper, "1 300 signal " + victim.pid() + " 19");

        assertThat(told.readLine()).isEqualTo("1 landed");
        assertThat(told.readLine()).isEqualTo("1 healed");
        order(victim, "go on");
        assertThat(victim.inputReader().readLine()).isEqualTo("over");
    }

    @Test
    void letsWhatItHasStoppedGoOnWhenItsRunnerIsKilled() throws Exception {
        Process victim = victim(POOL);
        Process helper = helper();
        order(helper, "1 3600000 signal " + victim.pid() + " 19");
        assertThat(helper.inputReader().readLine()).isEqualTo("1 landed");
        assertThat(Lab.state(victim.pid())).isEqualTo('T');

        helper.outputWriter().close(); // As the end of the JVM does.

        assertThat(helper.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(Lab.state(victim.pid())).isNotEqualTo('T');
        order(victim, "go on");
        assertThat(victim.inputReader().readLine()).isEqualTo("over");
    }

    @Test
    void signalsNoProcessWithoutThePoolsMark() throws Exception {
        Process stranger = victim(POOL + "0");
        Process helper = helper();

        order(helper, "1 1000 signal " + stranger.pid() + " 9");

        assertThat(helper.inputReader().readLine())
                .isEqualTo("1 refused process " + stranger.pid() + " does not bear the pool's mark");
        assertThat(stranger.isAlive()).isTrue();
    }

    /** A file system of its own takes a right to mount, which not every machine gives: there it is refused for its size. */
    @Test
    void fillsASmallFileSystemAndGivesItBack() throws Exception {
        Path small = Files.createDirectory(folder.resolve("small"));
        String mount = "mount -t tmpfs -o size=4m chaos " + small + " && ";
        boolean mounts =
                start("none", "unshare", "-Urm", "sh", "-c", mount + "true").waitFor() == 0;
        String run = "exec python3 -I " + PROGRAM + " " + LeakAudit.MARK + " " + POOL;
        Process helper =
                mounts ? start("none", "unshare", "-Urm", "sh", "-c", mount + run) : start("none", "sh", "-c", run);
        BufferedReader told = ready(helper).inputReader();

        order(helper, "1 3600000 fill " + (mounts ? 8 << 20 : 1) + " " + small.resolve("ballast"));

        if (!mounts) {
            assertThat(told.readLine()).startsWith("1 refused").contains("at most 0 MiB may be taken");
            return;
        }
        assertThat(told.readLine()).isEqualTo("1 landed");
        Path inside = Path.of("/proc/" + helper.pid() + "/root" + small.resolve("ballast"));
        assertThat(Files.size(inside)).isEqualTo(4 << 20);
        order(helper, "1 0 heal");
        assertThat(told.readLine()).isEqualTo("1 healed");
        assertThat(inside).doesNotExist();
    }
}
