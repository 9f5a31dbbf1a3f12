/**
 * The chaos runner: a {@link dev.vivarium.chaos.Scenario} says what befalls a pool under load and what must hold,
 * {@link dev.vivarium.chaos.ChaosRun} has it happen to real processes, and the {@link dev.vivarium.chaos.Verdict} says whether it
 * held, did not, or cannot be known.
 */
@NullMarked
package dev.vivarium.chaos;

import org.jspecify.annotations.NullMarked;
