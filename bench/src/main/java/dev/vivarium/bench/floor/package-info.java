/**
 * The floor: what a request costs with nothing around it. One Python process that answers length-prefixed frames, and the least
 * Java that talks to it. What is measured against it must not be measured against anything cheaper or dearer, so these shapes stay
 * as they are.
 */
@NullMarked
package dev.vivarium.bench.floor;

import org.jspecify.annotations.NullMarked;
