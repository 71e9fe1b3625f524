package dev.parley.spi;

import dev.parley.tenant.Tenant;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What one vendor remembers of a tenant's messages, for finding those that no webhook told us of. Reads only. Failures are
 * {@link AdapterException}s, as everywhere in an adapter.
 */
public interface MessageHistory {
    /** The provider (word in {@code bot.inbound_events.provider}) that reads what {@link Listing#told} returns. */
    String provider();

    /**
     * Other providers by which the same messages may have come without the vendor's ids, so that nobody could tell them from
     * missing ones.
     */
    default Set<String> providersWithoutIds() {
        return Set.of();
    }

    /** Messages written at {@code since} or later; nothing is asked yet. */
    Listing since(Tenant tenant, Instant since);

    /** One reading of the history, used by one caller, one call at a time. */
    interface Listing {
        /**
         * The next request's worth of messages, in no promised order, possibly none, possibly some that were listed before.
         * Empty = that was all. A call that failed has moved nothing and may be made again.
         */
        Uni<Optional<List<Entry>>> next();

        /** {@code entry} as the vendor's webhook would have told of it; may ask the vendor for what the list leaves out. */
        Uni<JsonObject> told(Entry entry);
    }

    /**
     * One message in the vendor's list.
     *
     * @param id by which the vendor's webhooks name it
     * @param otherIds further ids under which a webhook may have named it
     * @param at when it was written, by the vendor's clock
     * @param isInbound written by the contact
     * @param thread whatever is the same for all messages of one contact
     * @param sequence tells messages of one thread and one moment apart, where the vendor's clock is coarse
     * @param body as listed
     */
    record Entry(
            String id,
            Set<String> otherIds,
            Instant at,
            long sequence,
            boolean isInbound,
            String thread,
            JsonObject body) {}
}
