/** The bodies of frames, one record each. */
@NullMarked
package dev.vivarium.protocol.message;

import org.jspecify.annotations.NullMarked;
