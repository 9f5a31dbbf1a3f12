/** Programs: small pieces of prompted work that are created, run and kept within a session. */
@NullMarked
package dev.vivarium.programs;

import org.jspecify.annotations.NullMarked;
