/** Sockets between the JVM and its Python processes. */
@NullMarked
package dev.vivarium.internal.channel;

import org.jspecify.annotations.NullMarked;
