package dev.parley.ledger;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One message that the provider took from us, as its own book has it. The books' order within a contact is the order in
 * which it took them.
 *
 * @param id the provider's
 * @param trace of the request that sent it; null if it carried none
 */
record ProviderSend(String id, String text, @Nullable UUID trace) {}
