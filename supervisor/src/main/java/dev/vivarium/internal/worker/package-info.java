/** The actor that owns one worker slot. */
@NullMarked
package dev.vivarium.internal.worker;

import org.jspecify.annotations.NullMarked;
