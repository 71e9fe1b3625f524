/** The proof: a sender, faults, and a judge that reads three books afterwards and says what was lost, doubled or overtaken. */
@NullMarked
package dev.parley.ledger;

import org.jspecify.annotations.NullMarked;
