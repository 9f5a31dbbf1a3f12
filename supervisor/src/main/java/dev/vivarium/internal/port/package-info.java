/** The ways out to the clock, to randomness and to operating-system processes; nothing else may reach for them. */
@NullMarked
package dev.vivarium.internal.port;

import org.jspecify.annotations.NullMarked;
