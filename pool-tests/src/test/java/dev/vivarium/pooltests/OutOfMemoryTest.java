package dev.vivarium.pooltests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vivarium.ErrorCategory;
import dev.vivarium.PoisonCall;
import dev.vivarium.PythonCall;
import dev.vivarium.PythonPool;
import dev.vivarium.RecoveryStrategy;
import dev.vivarium.TransitionCause;
import dev.vivarium.WorkerCrashed;
import dev.vivarium.testkit.Layer;
import dev.vivarium.testkit.TestPool;
import dev.vivarium.testkit.WorkerScript;
import dev.vivarium.testkit.junit5.VivariumTest;

/** A SIGKILL that the kernel counted as an out-of-memory kill: the workers are scripted, for only the kernel can do it. */
@VivariumTest(
        layers = {Layer.FAKE, Layer.SCRIPTED},
        workers = 1,
        expectWarnings = "out of memory")
class OutOfMemoryTest {

    static WorkerScript script() {
        return Scripts.behaviours();
    }

    private static PythonCall<String> starve() {
        return PythonCall.to("starve").returning(String.class);
    }

    @VivariumTest
    void isToldApartFromAKillFromOutside(TestPool kit, PythonPool pool) throws Exception {
        WorkerCrashed error = catchThrowableOfType(WorkerCrashed.class, () -> kit.outcome(pool.call(starve())));

        assertThat(error.exit().cause()).isEqualTo(TransitionCause.OUT_OF_MEMORY);
        assertThat(error.exit().oomKills()).isEqualTo(1);
        assertThat(error.exit().signal()).isEqualTo(9);
        assertThat(error.category()).isEqualTo(ErrorCategory.RESOURCE);
        assertThat(error.strategy()).isEqualTo(RecoveryStrategy.FAILOVER);
        assertThat(error).hasMessageContaining("the kernel counted 1 out-of-memory kill(s)");
    }

    @VivariumTest
    void isHeldAgainstTheCallAsAKillFromOutsideIsNot(TestPool kit, PythonPool pool) throws Exception {
        PoisonCall error = catchThrowableOfType(
                PoisonCall.class,
                () -> kit.outcome(pool.call(starve().retrySafe().maxRetries(10))));

        assertThat(error.deaths()).isEqualTo(3);
    }
}
