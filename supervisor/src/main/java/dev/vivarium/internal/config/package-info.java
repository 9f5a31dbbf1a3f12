/** Reads the {@code vivarium} configuration block. */
@NullMarked
package dev.vivarium.internal.config;

import org.jspecify.annotations.NullMarked;
