/** The simulated twin: the pool's decision cores in virtual time. Internal. */
@org.jspecify.annotations.NullMarked
package dev.vivarium.chaos.internal.twin;
