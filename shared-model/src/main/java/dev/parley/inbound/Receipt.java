package dev.parley.inbound;

import java.util.UUID;

/** What became of an event. Both are success; both carry the trace id of the first time it was stored. */
public sealed interface Receipt {
    UUID traceId();

    /** Stored now, with its job if it has one. */
    record Accepted(UUID traceId) implements Receipt {}

    /** It was there already; nothing was written. */
    record Duplicate(UUID traceId) implements Receipt {}
}
