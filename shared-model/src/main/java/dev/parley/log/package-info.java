/** How lines of the services' logs say what they are about. */
@NullMarked
package dev.parley.log;

import org.jspecify.annotations.NullMarked;
