/** What all providers share: signatures, and how addresses are written. One package below for each vendor. */
@NullMarked
package dev.parley.ingest.provider;

import org.jspecify.annotations.NullMarked;
