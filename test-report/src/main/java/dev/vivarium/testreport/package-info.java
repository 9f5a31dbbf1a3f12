/** One page on what a build's tests did. {@link dev.vivarium.testreport.Main} is the program; nothing else is for users. */
@NullMarked
package dev.vivarium.testreport;

import org.jspecify.annotations.NullMarked;
