/** How services hold sessions with Postgres. */
@NullMarked
package dev.parley.session;

import org.jspecify.annotations.NullMarked;
