/** The guardian process, and what it needs on disk. */
@NullMarked
package dev.vivarium.internal.guardian;

import org.jspecify.annotations.NullMarked;
