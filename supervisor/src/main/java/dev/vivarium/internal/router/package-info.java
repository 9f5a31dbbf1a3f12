/** The actor that decides which slot a call goes to. */
@NullMarked
package dev.vivarium.internal.router;

import org.jspecify.annotations.NullMarked;
