/** The command line. */
@NullMarked
package dev.vivarium.cli;

import org.jspecify.annotations.NullMarked;
