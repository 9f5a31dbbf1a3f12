package dev.vivarium.testkit.junit5;

import dev.vivarium.testkit.Layer;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test with a pool of its own: once for each layer. The method may take {@link dev.vivarium.testkit.TestPool},
 * {@link dev.vivarium.testkit.TestWorker} (slot 1), {@link dev.vivarium.testkit.FaultInjector},
 * {@link dev.vivarium.testkit.Ledger}, {@link dev.vivarium.testkit.TestTime} and {@link dev.vivarium.PythonPool}.
 *
 * <p>Methods that run before and after each test may take the same; constructors may not, because the pool begins after them.
 *
 * <p>On layer PYTHON faults can be armed when the test, or a method that runs before or after it, takes the {@code FaultInjector}.
 * Where none does, the data channels of Python workers are the pipes that they are in service; else they are sockets that pass the
 * kit's proxy, where faults land.
 *
 * <p>On a class it sets what its methods leave out, also for classes that inherit from it. The nearest wins: that of the method,
 * of the class, of its superclasses and interfaces, of the enclosing classes. After each test the pool is closed and the test fails if anything was
 * left behind or the books do not balance, naming it.
 */
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(VivariumExtension.class)
public @interface VivariumTest {

    /** The layers to run on. Default: FAKE. A layer that is not there fails the test. */
    Layer[] layers() default {};

    /** How many workers. Default: what options or configuration say, else 2. */
    int workers() default 0;

    /** Handler sources for layer PYTHON: files, or class path resources with a leading slash. */
    String[] handlers() default {};

    /** Options of the pool, such as {@code "call-timeout = 2s"}. A method's come after its class's, and win. */
    String[] options() default {};

    /** Texts of warnings that are expected; any other warning fails the test. */
    String[] expectWarnings() default {};

    /** Which time. Default: virtual on layer FAKE, real on the others. */
    Time time() default Time.OF_LAYER;

    /** Whether the test waits for all workers before it begins. Default: yes, unless the class says otherwise. */
    Readiness readiness() default Readiness.INHERITED;

    /** Times. */
    enum Time {
        /** What suits the layer. */
        OF_LAYER,
        /** Stands still unless it is moved. */
        VIRTUAL,
        /** The machine's. */
        REAL
    }

    /** What a test waits for before it begins. */
    enum Readiness {
        /** What the class says; on a class, {@link #ALL_WORKERS}. */
        INHERITED,
        /** Every worker. */
        ALL_WORKERS,
        /** Nothing. */
        NONE,
        /** The pool has not even been started: the test does that, as with {@link dev.vivarium.testkit.TestPool#start()}. */
        NOT_STARTED
    }
}
