/** Sessions, as the router sees them: whose turn it is, which worker has the state, and what must be fetched first. */
@NullMarked
package dev.vivarium.internal.session;

import org.jspecify.annotations.NullMarked;
