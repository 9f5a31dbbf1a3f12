/** A call on its way through the pool, and its caller's view of it. */
@NullMarked
package dev.vivarium.internal.call;

import org.jspecify.annotations.NullMarked;
