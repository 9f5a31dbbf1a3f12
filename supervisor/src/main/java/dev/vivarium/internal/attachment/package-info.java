/** What travels beside the JSON of calls and results: staged, sent, received, and the shared memory that it goes through. */
@NullMarked
package dev.vivarium.internal.attachment;

import org.jspecify.annotations.NullMarked;
