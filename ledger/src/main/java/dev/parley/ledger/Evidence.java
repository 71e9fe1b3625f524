package dev.parley.ledger;

import java.util.List;

/** The three books, read when nothing moves any more. */
record Evidence(List<Sent> sent, Rows rows, List<ProviderSend> provider) {
    Evidence {
        sent = List.copyOf(sent);
        provider = List.copyOf(provider);
    }
}
