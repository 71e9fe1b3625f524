/** The outbound side of vendors: one package each, found by CDI; what they share: how a call is made and ends, how credentials are
 * opened, and what of a vendor's words may be shown. */
@NullMarked
package dev.parley.work.adapter;

import org.jspecify.annotations.NullMarked;
