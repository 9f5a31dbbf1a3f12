/** What is done about failures of calls: which are repeated, which are refused. Thread-safe; runs no code of users. */
@NullMarked
package dev.vivarium.internal.recovery;

import org.jspecify.annotations.NullMarked;
