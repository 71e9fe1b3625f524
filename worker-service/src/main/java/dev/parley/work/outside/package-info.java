/** URLs that somebody else wrote, and the one way to call them. */
@NullMarked
package dev.parley.work.outside;

import org.jspecify.annotations.NullMarked;
