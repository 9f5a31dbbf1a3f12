/** Other ways to call Python from Java that need libraries. */
@NullMarked
package dev.vivarium.bench.peers;

import org.jspecify.annotations.NullMarked;
