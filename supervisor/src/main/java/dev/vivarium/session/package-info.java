/** Sessions: calls that belong together, and the small state that they leave each other. */
@NullMarked
package dev.vivarium.session;

import org.jspecify.annotations.NullMarked;
