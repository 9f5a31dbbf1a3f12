/** Callbacks: the functions of the JVM's that handlers call, from the frame that asks to the one that answers. */
@NullMarked
package dev.vivarium.internal.callback;

import org.jspecify.annotations.NullMarked;
