/** The outbound side of vendors: one package each, found by CDI; what they share is the vault that opens credentials. */
@NullMarked
package dev.parley.work.adapter;

import org.jspecify.annotations.NullMarked;
