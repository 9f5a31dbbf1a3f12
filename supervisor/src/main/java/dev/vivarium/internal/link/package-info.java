/** The JVM's end of one worker process: its four connections, its running call, its last lines. */
@NullMarked
package dev.vivarium.internal.link;

import org.jspecify.annotations.NullMarked;
