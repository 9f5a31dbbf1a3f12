/**
 * Keeps Python workers alive inside a JVM service.
 *
 * <p>Start with {@link dev.vivarium.PythonPool}; describe calls with {@link dev.vivarium.PythonCall}; every failure is a
 * {@link dev.vivarium.PoolException} that says whether the handler ran.
 */
@NullMarked
package dev.vivarium;

import org.jspecify.annotations.NullMarked;
