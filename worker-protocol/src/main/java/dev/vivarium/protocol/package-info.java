/** The wire between the JVM and its Python processes: frames, limits, codecs, handshake, status page. See PROTOCOL.md. */
@NullMarked
package dev.vivarium.protocol;

import org.jspecify.annotations.NullMarked;
