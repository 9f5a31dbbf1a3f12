/** What the parts of one pool share: configuration, counters, events, executors. */
@NullMarked
package dev.vivarium.internal.context;

import org.jspecify.annotations.NullMarked;
