/** What stored events mean, one reader per provider. Pure. */
@NullMarked
package dev.parley.work.reader;

import org.jspecify.annotations.NullMarked;
