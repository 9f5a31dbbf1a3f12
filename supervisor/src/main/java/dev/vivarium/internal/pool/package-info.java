/** The pool's actor, its public face, and what its parts share. */
@NullMarked
package dev.vivarium.internal.pool;

import org.jspecify.annotations.NullMarked;
