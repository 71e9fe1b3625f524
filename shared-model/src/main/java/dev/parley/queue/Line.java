package dev.parley.queue;

import dev.parley.tenant.TenantId;

/**
 * What order is kept within: one contact's jobs of one direction. Incoming work (messages, statuses) waits for incoming
 * work, sends wait for sends; a slow provider therefore never delays the reading of what a customer wrote. What is done
 * aside of the conversation has no order to keep: each of its jobs is a line of its own.
 *
 * @param lane which share of all contacts this one hashes to; see {@link Lane}
 * @param address channel address, or the event's id where the event has none or the work is aside (then the line has just
 *     that event)
 */
public record Line(int lane, TenantId tenant, String channel, String address, Direction direction) {
    public enum Direction {
        INCOMING,
        OUTGOING,
        /** Beside the conversation: nobody waits for it, and it waits for nobody. */
        ASIDE
    }
}
