package dev.parley.work.adapter.ghl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.MessageHistory.Entry;
import dev.parley.spi.MessageHistory.Listing;
import dev.parley.tenant.Settings;
import dev.parley.tenant.Tenant;
import dev.parley.tenant.TenantId;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** How the list is walked and what is made of it; the stand-in of the sandbox says whether the requests are right. */
class GhlHistoryTest {
    private static final Instant SINCE = Instant.parse("2026-11-28T10:00:00Z");
    private static final Tenant TENANT =
            new Tenant(new TenantId(new UUID(0, 1)), "smile", "Smile", true, "ghl", null, Settings.empty());

    private final List<String> asked = new ArrayList<>();

    private Listing listing(Function<String, JsonObject> vendor) {
        return new GhlHistory(
                        (tenant, path) -> {
                            asked.add(path);
                            return Uni.createFrom().item(() -> vendor.apply(path));
                        },
                        tenant -> Uni.createFrom().item("loc 1"))
                .since(TENANT, SINCE);
    }

    private static List<Entry> all(Listing listing) {
        List<Entry> entries = new ArrayList<>();
        for (Optional<List<Entry>> page = next(listing); page.isPresent(); page = next(listing)) {
            entries.addAll(page.get());
        }
        return entries;
    }

    private static Optional<List<Entry>> next(Listing listing) {
        return listing.next().await().indefinitely();
    }

    private static JsonObject page(Object cursor, JsonObject... messages) {
        return new JsonObject()
                .put("messages", new JsonArray(List.of((Object[]) messages)))
                .put("nextCursor", cursor);
    }

    private static JsonObject message(String id, String direction, String at) {
        return new JsonObject()
                .put("id", id)
                .put("type", 2)
                .put("messageType", "TYPE_SMS")
                .put("contactId", "c1")
                .put("direction", direction)
                .put("dateAdded", at)
                .put("body", "words of " + id);
    }

    @Test
    void pages_are_followed_to_the_end_and_then_mails_which_the_list_leaves_out() {
        Listing listing = listing(path -> {
            if (path.contains("channel=Email")) {
                return page(null, message("m3", "inbound", "2026-11-28T10:00:03Z"));
            }
            return path.contains("cursor=next%3D")
                    ? page(null, message("m2", "outbound", "2026-11-28T10:00:02Z"))
                    : page("next=", message("m1", "inbound", "2026-11-28T10:00:00Z"));
        });

        assertThat(all(listing)).extracting(Entry::id).containsExactly("m1", "m2", "m3");
        assertThat(asked)
                .hasSize(3)
                .allMatch(path -> path.contains("locationId=loc%201&limit=100&sortBy=createdAt")
                        && path.contains("startDate=2026-11-28T10%3A00%3A00Z"));
    }

    @Test
    void what_is_older_or_names_nobody_is_left_out() {
        JsonObject nameless = message("m0", "inbound", "2026-11-28T10:00:00Z");
        nameless.remove("contactId");
        Listing listing = listing(path -> path.contains("channel")
                ? page(null)
                : page(null, nameless, message("old", "inbound", "2026-11-28T09:59:59Z")));

        assertThat(all(listing)).isEmpty();
    }

    @Test
    void a_page_that_failed_is_asked_for_again() {
        boolean[] isFirst = {true};
        Listing listing = listing(path -> {
            if (isFirst[0]) {
                isFirst[0] = false;
                throw new AdapterException(Kind.TRANSIENT, "again");
            }
            return page(null, path.contains("Email") ? new JsonObject() : message("m1", "inbound", SINCE.toString()));
        });

        assertThatThrownBy(() -> next(listing)).isInstanceOf(AdapterException.class);

        assertThat(all(listing)).extracting(Entry::id).containsExactly("m1");
        assertThat(asked.get(1)).isEqualTo(asked.get(0));
    }

    @Test
    void a_list_that_goes_in_a_circle_ends_with_an_error() {
        Listing listing = listing(path -> page("same"));
        next(listing);

        assertThatThrownBy(() -> next(listing)).hasMessageContaining("names the same page twice");
    }

    @Test
    void an_answer_that_is_no_list_may_be_asked_for_again() {
        Listing listing = listing(path -> new JsonObject());

        assertThatThrownBy(() -> next(listing))
                .isInstanceOfSatisfying(
                        AdapterException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(Kind.TRANSIENT));
    }

    @Test
    void a_message_is_told_as_a_webhook_would_and_its_contact_is_asked_for_once() {
        Listing listing = listing(path -> path.startsWith("/contacts/")
                ? new JsonObject()
                        .put(
                                "contact",
                                new JsonObject().put("phone", "+15550100001").put("email", "a@b.org"))
                : page(null, message("m1", "inbound", SINCE.toString()), message("m2", "outbound", SINCE.toString())));
        List<Entry> entries = next(listing).orElseThrow();
        asked.clear();

        JsonObject in = listing.told(entries.get(0)).await().indefinitely();
        JsonObject out = listing.told(entries.get(1)).await().indefinitely();

        assertThat(in.getString("type")).isEqualTo("InboundMessage");
        assertThat(in.getString("messageId")).isEqualTo("m1");
        assertThat(in.getString("messageTypeString")).isEqualTo("TYPE_SMS");
        assertThat(in.getInteger("messageTypeId")).isEqualTo(2);
        assertThat(in.getString("from")).isEqualTo("+15550100001");
        assertThat(in.containsKey("id")).isFalse();
        assertThat(out.getString("type")).isEqualTo("OutboundMessage");
        assertThat(out.getString("to")).isEqualTo("+15550100001");
        assertThat(asked).containsExactly("/contacts/c1");
    }

    @Test
    void a_mail_has_the_contacts_address_and_is_known_by_the_mails_own_ids_too() {
        JsonObject mail = message("m1", "inbound", SINCE.toString())
                .put("messageType", "TYPE_EMAIL")
                .put(
                        "meta",
                        new JsonObject()
                                .put("email", new JsonObject().put("messageIds", new JsonArray().add("mail-7"))));
        Listing listing = listing(path -> path.startsWith("/contacts/")
                ? new JsonObject()
                        .put(
                                "contact",
                                new JsonObject().put("phone", "+15550100001").put("email", "a@b.org"))
                : page(null, mail));
        Entry entry = next(listing).orElseThrow().get(0);

        assertThat(entry.otherIds()).containsExactly("mail-7");
        assertThat(listing.told(entry).await().indefinitely().getString("from")).isEqualTo("a@b.org");
    }

    @Test
    void a_contact_that_is_gone_leaves_its_id_for_an_address() {
        Listing listing = listing(path -> {
            if (path.startsWith("/contacts/")) {
                throw new AdapterException(Kind.REFUSED, "Contact not found");
            }
            return page(null, message("m1", "inbound", SINCE.toString()));
        });
        Entry entry = next(listing).orElseThrow().get(0);

        JsonObject told = listing.told(entry).await().indefinitely();

        assertThat(told.containsKey("from")).isFalse();
        assertThat(told.getString("contactId")).isEqualTo("c1");
    }
}
