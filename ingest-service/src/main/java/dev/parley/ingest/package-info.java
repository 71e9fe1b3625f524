/** The door: bytes in, stored once, status out. */
@NullMarked
package dev.parley.ingest;

import org.jspecify.annotations.NullMarked;
