package dev.vivarium.chaos.junit5;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test that runs a scenario, once for each seed, and fails unless the verdict is VALID; its failure is the report, with the line
 * that has the same happen again. The method runs after the scenario, and may take a {@code Scenario} and a {@code ChaosResult} (or,
 * in the twin, a {@code TwinResult}) to assert more.
 *
 * <p>The scenario is named, or returned by a method {@code static Scenario scenario()} of the class, of what it inherits from or of
 * an enclosing one; the nearest wins. On real processes a run takes as long as the scenario's load, and a few seconds more.
 *
 * <p>Configuration parameters, or system properties: {@code vivarium.chaos.report}, the folder of the reports, by default
 * {@code target/chaos}; {@code vivarium.chaos.python}, the interpreter, by default {@code python3}; {@code vivarium.chaos.seed}, such as
 * {@code 0x2a}, in place of the annotations' seeds.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@TestTemplate
@ExtendWith(ChaosExtension.class)
public @interface ChaosTest {

    /** The name of a scenario that comes with the runner, or of a file. Default: that of the method {@code scenario()}. */
    String value() default "";

    /** The seeds. Default: 1. */
    long[] seeds() default {1};

    /** How many workers, 1 to 64. Default, 0: the scenario's. */
    int workers() default 0;

    /** Whether the scenario is run by the twin: simulated, in virtual time, in milliseconds. Default: on real processes. */
    boolean twin() default false;

    /**
     * Whether the verdict may be UNKNOWN, as it is on a machine that is busy with other things. Default: no; where nobody looks at
     * the reports, nothing would be known any more and nobody would know it.
     */
    boolean unknownPasses() default false;
}
