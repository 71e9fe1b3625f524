package dev.parley.dialog;

import dev.parley.queue.TimeOrderedId;
import dev.parley.tenant.TenantId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@code bot.conversations}. There is one per contact, for ever: what was closed is reopened.
 *
 * @param version of the row as read; null = not stored yet
 */
public record Conversation(
        ConversationId id,
        TenantId tenant,
        ContactId contact,
        boolean isOpen,
        ConversationState state,
        @Nullable Instant lastInboundAt,
        @Nullable Instant lastOutboundAt,
        @Nullable String version) {

    public static Conversation begin(Contact contact) {
        return new Conversation(
                new ConversationId(TimeOrderedId.next()),
                contact.key().tenant(),
                contact.id(),
                true,
                ConversationState.start(),
                null,
                null,
                null);
    }

    public boolean isNew() {
        return version == null;
    }

    /** Open again, if it was closed: whoever closed it was done, so a pause ends and the steps start over. */
    public Conversation reopened() {
        return isOpen
                ? this
                : new Conversation(
                        id,
                        tenant,
                        contact,
                        true,
                        state.resumed().at(null, state.intent()),
                        lastInboundAt,
                        lastOutboundAt,
                        version);
    }

    public Conversation with(ConversationState next) {
        return new Conversation(id, tenant, contact, isOpen, next, lastInboundAt, lastOutboundAt, version);
    }

    public Conversation heard(Instant at) {
        return new Conversation(id, tenant, contact, isOpen, state, later(lastInboundAt, at), lastOutboundAt, version);
    }

    public Conversation spoke(Instant at) {
        return new Conversation(id, tenant, contact, isOpen, state, lastInboundAt, later(lastOutboundAt, at), version);
    }

    private static Instant later(@Nullable Instant known, Instant at) {
        return known != null && known.isAfter(at) ? known : at;
    }
}
